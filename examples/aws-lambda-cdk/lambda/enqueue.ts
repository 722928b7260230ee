/** HTTP API → here → SQS. A 200 means that SQS has the event on several machines. */
import { SQSClient } from '@aws-sdk/client-sqs'
import { required } from './collector.js'
import { httpHandler } from './http-handler.js'
import { sqsQueue } from './sqs-queue.js'

export const handler = httpHandler({
  queue: sqsQueue({ client: new SQSClient({}), queueUrl: required(process.env, 'EVENTS_QUEUE_URL') }),
})
