/** SQS → here → Conversions API, in batches. */
import { SQSClient } from '@aws-sdk/client-sqs'
import { required } from './collector.js'
import { deadLettersTo, relayHandler } from './relay-handler.js'

export const handler = relayHandler({
  bury: deadLettersTo(new SQSClient({}), required(process.env, 'DEAD_LETTERS_QUEUE_URL')),
})
