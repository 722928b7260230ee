import { createSandbox, type Sandbox } from '@pixel-mirror/sandbox'
import type { SQSEvent } from 'aws-lambda'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { httpHandler, type HttpHandler } from '../lambda/http-handler.js'
import { messagesOf } from '../lambda/message.js'
import { relayHandler, type Bury } from '../lambda/relay-handler.js'
import { sqsQueue } from '../lambda/sqs-queue.js'
import { ORIGIN, purchase, request, TOKEN } from './api-gateway.js'

/** SQS as these handlers see it: what was sent, or a refusal. */
const messages: string[] = []
let sqsIsDown = false
const client = {
  send: (command: { input: { MessageBody?: string } }) => {
    if (sqsIsDown) return Promise.reject(new Error('ServiceUnavailable'))
    messages.push(command.input.MessageBody ?? '')
    return Promise.resolve({})
  },
}

let sandbox: Sandbox
let enqueue: HttpHandler
let relay: ReturnType<typeof relayHandler>
let mend = () => {}
const buried: Parameters<Bury>[0][] = []

beforeAll(async () => {
  sandbox = createSandbox()
  const { url } = await sandbox.start(0)
  const env = { META_PIXEL_ID: '1234567890', META_GRAPH_URL: url, ALLOWED_ORIGINS: ORIGIN, LOG_LEVEL: 'silent' }
  const token = { read: () => Promise.resolve(TOKEN), forget() {} }
  enqueue = httpHandler({
    env,
    token,
    queue: sqsQueue({ client: client as never, queueUrl: 'https://sqs.example/events' }),
  })
  relay = relayHandler({
    env,
    token,
    bury: (letter) => {
      buried.push(letter)
      return Promise.resolve()
    },
  })
})
afterAll(() => sandbox.stop())
beforeEach(() => {
  mend()
  sandbox.forget()
  messages.length = 0
  buried.length = 0
  sqsIsDown = false
})

/** What SQS hands over, a message each. */
function batch(bodies: readonly string[]): SQSEvent {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `message-${index}`,
      receiptHandle: `handle-${index}`,
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.now()),
        SenderId: 'AROAEXAMPLE',
        ApproximateFirstReceiveTimestamp: String(Date.now()),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:events',
      awsRegion: 'eu-central-1',
    })),
  }
}

const received = () => sandbox.received().map((copy) => copy.event_id)

describe('taking in', () => {
  it('answers 200 when SQS has the event, hashed', async () => {
    const answer = await enqueue(request('POST', '/events', { data: [purchase('q-1')] }))

    expect(answer.statusCode).toBe(200)
    expect(messages).toHaveLength(1)
    expect(messages[0]).toContain('q-1')
    expect(messages[0]).not.toContain('jo@example.com')
  })

  it('answers 503 with Retry-After when SQS does not take it', async () => {
    sqsIsDown = true

    const answer = await enqueue(request('POST', '/events', { data: [purchase('q-2')] }))

    expect(answer.statusCode).toBe(503)
    expect(answer.headers).toHaveProperty('retry-after')
  })
})

describe('relaying', () => {
  const takeIn = async (...ids: string[]) => {
    for (const id of ids) await enqueue(request('POST', '/events', { data: [purchase(id)] }))
    return [...messages]
  }

  it('delivers the messages of one batch in one request, and none is left', async () => {
    const bodies = await takeIn('r-1', 'r-2', 'r-3')

    expect(await relay(batch(bodies))).toEqual({ batchItemFailures: [] })

    expect(received()).toEqual(['r-1', 'r-2', 'r-3'])
  })

  it('names every message while Meta refuses the token, and buries none', async () => {
    const bodies = await takeIn('r-4', 'r-5')
    mend = sandbox.behave({ kind: 'bad_token' })

    expect(await relay(batch(bodies))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-0' }, { itemIdentifier: 'message-1' }],
    })

    expect(buried).toEqual([])
    mend()
    expect(await relay(batch(bodies))).toEqual({ batchItemFailures: [] })
    expect(received()).toEqual(['r-4', 'r-5'])
  })

  it('buries the event that Meta refuses, with its words, and delivers the others', async () => {
    const bodies = await takeIn('r-6', 'r-7', 'r-8')
    mend = sandbox.behave({ kind: 'poison', event_id: 'r-7' })

    expect(await relay(batch(bodies))).toEqual({ batchItemFailures: [] })

    expect(received()).toEqual(['r-6', 'r-8'])
    expect(buried).toMatchObject([
      { event: { eventId: 'r-7' }, reason: { cause: expect.any(String) as string, code: 100 } },
    ])
  })

  it('buries what is no message, and goes on', async () => {
    const bodies = await takeIn('r-9')

    expect(await relay(batch(['nonsense', ...bodies]))).toEqual({ batchItemFailures: [] })

    expect(received()).toEqual(['r-9'])
    expect(buried).toMatchObject([{ text: 'nonsense' }])
  })
})

describe('messagesOf()', () => {
  const event = (eventId: string, json = '{}', pixelId = '1') => ({
    lane: { pixelId },
    eventName: 'Lead',
    eventId,
    eventTimeMs: 1,
    deadlineMs: 2,
    json,
  })

  it('puts events of one pixel together, and never two pixels into one message', () => {
    const cut = messagesOf([event('a'), event('b', '{}', '2'), event('c')])

    expect(cut.map(({ lane, events }) => [lane.pixelId, events.map(({ eventId }) => eventId)])).toEqual([
      ['1', ['a', 'c']],
      ['2', ['b']],
    ])
  })

  it('keeps below what SQS takes', () => {
    const cut = messagesOf(
      Array.from({ length: 50 }, (_, index) => event(String(index), JSON.stringify('x'.repeat(20_000)))),
    )

    expect(Math.max(...cut.map((message) => Buffer.byteLength(JSON.stringify(message))))).toBeLessThan(256 * 1024)
    expect(cut.flatMap(({ events }) => events)).toHaveLength(50)
  })
})
