import { Duration, Stack } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { collectorFunction } from './collector-function.js'
import type { DirectStackProps } from './direct-stack.js'
import { httpApi } from './http-api.js'

const RELAY_TIMEOUT = Duration.seconds(60)

/**
 * HTTP API → Lambda → SQS → Lambda → Conversions API. Nothing that was acknowledged is lost while Meta is down.
 *
 * The events' queue has no redrive policy on purpose: with one, an outage of Meta's would move good events to the dead letters after so and so many
 * attempts. They stay for seven days, as long as Meta takes them. Dead letters are written by the relay alone, with Meta's words.
 */
export class QueuedStack extends Stack {
  constructor(scope: Construct, id: string, props: DirectStackProps) {
    super(scope, id, props)
    const secret = Secret.fromSecretNameV2(this, 'Token', props.tokenSecretName)
    const events = new Queue(this, 'Events', {
      retentionPeriod: Duration.days(7),
      visibilityTimeout: Duration.seconds(RELAY_TIMEOUT.toSeconds() * 6),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    })
    const deadLetters = new Queue(this, 'DeadLetters', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    })

    const enqueue = collectorFunction(this, 'Enqueue', {
      ...props,
      entry: 'enqueue',
      secret,
      timeout: Duration.seconds(10),
      environment: { EVENTS_QUEUE_URL: events.queueUrl },
    })
    events.grantSendMessages(enqueue)
    httpApi(this, enqueue, props.allowedOrigins)

    const relay = collectorFunction(this, 'Relay', {
      ...props,
      entry: 'relay',
      secret,
      timeout: RELAY_TIMEOUT,
      environment: { DEAD_LETTERS_QUEUE_URL: deadLetters.queueUrl },
    })
    deadLetters.grantSendMessages(relay)
    relay.addEventSource(
      new SqsEventSource(events, {
        batchSize: 1_000,
        maxBatchingWindow: Duration.seconds(1),
        reportBatchItemFailures: true,
        maxConcurrency: 5,
      }),
    )

    new Alarm(this, 'EventsWaitTooLong', {
      metric: events.metricApproximateAgeOfOldestMessage(),
      threshold: Duration.minutes(15).toSeconds(),
      evaluationPeriods: 1,
      alarmDescription: 'The oldest event waits for more than 15 minutes: Meta is down, or refuses the token.',
    })
    new Alarm(this, 'DeadLettersArrive', {
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(),
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      alarmDescription: 'Meta refused an event: read it, with the reason, in the dead letters.',
    })
  }
}
