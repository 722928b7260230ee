/**
 * The sender: a process of its own, told by its parent what to send and for how long. The same for all servers.
 *
 * Sockets and prepared bytes, no HTTP client: it shares the machine with what it measures, so it must be cheap. Each request is
 * a template into which numbers are written, so that every event and every visitor is a new one.
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DIGITS, requestTemplate } from './requests.mjs'

/** What is not answered so long after the end is lost. */
const LAST_ANSWER_MS = 5_000

/** No number comes twice. */
let nextNumber = Date.now() * 1000

process.on('message', async (order) => {
  process.send(await run(order).catch((error) => ({ error: String(error) })))
})

/**
 * @param order.rate requests a second; as many as are answered unless given
 * @param order.sender `server` with an API key, or `browser` with what a browser sends along
 */
async function run({ port, connections, seconds, eventsPerRequest, rate, sender = 'server' }) {
  const latencies = []
  const totals = { failed: 0, firstFailure: undefined }
  const onAnswer = (ok, ms, text) => {
    latencies.push(ms)
    if (ok) return
    totals.failed++
    totals.firstFailure ??= text.slice(0, 500)
  }
  const senders = await Promise.all(
    Array.from({ length: connections }, () =>
      openSender(port, requestTemplate(eventsPerRequest, sender), `"events_received":${eventsPerRequest}}`, onAnswer),
    ),
  )
  const startedAtMs = performance.now()
  const endsAtMs = startedAtMs + seconds * 1000
  if (rate === undefined) for (const one of senders) one.sendUntil(endsAtMs)
  else await pace(senders, rate, startedAtMs, endsAtMs)
  while (performance.now() < endsAtMs + LAST_ANSWER_MS && senders.some((one) => one.isBusy())) await sleep(5)
  const elapsedS = (performance.now() - startedAtMs) / 1000
  const unanswered = senders.filter((one) => one.isBusy()).length
  for (const one of senders) one.close()

  latencies.sort((a, b) => a - b)
  const at = (share) => latencies[Math.floor(latencies.length * share)] ?? NaN
  return {
    requests: latencies.length,
    perSecond: latencies.length / elapsedS,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    failed: totals.failed + unanswered,
    firstFailure: totals.firstFailure,
  }
}

/** Sends at a rate, whatever is answered. A request that finds every connection busy waits, and its time has begun. */
async function pace(senders, rate, startedAtMs, endsAtMs) {
  let sent = 0
  for (;;) {
    const nowMs = performance.now()
    if (nowMs >= endsAtMs) return
    const due = ((nowMs - startedAtMs) * rate) / 1000
    for (const one of senders) {
      if (sent >= due) break
      if (one.isBusy()) continue
      one.send(startedAtMs + (sent * 1000) / rate)
      sent++
    }
    await sleep(1)
  }
}

function openSender(port, { bytes, places }, expected, onAnswer) {
  let untilMs = 0
  let sentAtMs
  let received = ''

  const send = (atMs) => {
    sentAtMs = atMs
    for (const place of places) writeNumber(bytes, place, nextNumber++)
    socket.write(bytes)
  }
  const finish = (ok) => {
    const ms = performance.now() - sentAtMs
    onAnswer(ok, ms, received)
    sentAtMs = undefined
    received = ''
    if (performance.now() < untilMs) send(performance.now())
  }
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(16 * 1024),
      callback(length, buffer) {
        received += buffer.latin1Slice(0, length)
        if (sentAtMs !== undefined && isWhole(received)) {
          finish(received.startsWith('HTTP/1.1 200') && received.endsWith(expected))
        }
      },
    },
  })
  const broken = () => {
    untilMs = 0
    if (sentAtMs !== undefined) finish(false)
  }
  socket.on('error', broken)
  socket.on('close', broken)

  const handle = {
    send,
    isBusy: () => sentAtMs !== undefined || socket.destroyed,
    sendUntil(endMs) {
      untilMs = endMs
      send(performance.now())
    },
    close: () => socket.destroy(),
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(handle))
    socket.once('error', reject)
  })
}

/** Whether an answer with a `Content-Length` is all there. */
function isWhole(text) {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const [, length = 'NaN'] = /\r\ncontent-length: *(\d+)/i.exec(text) ?? []
  return text.length >= end + 4 + Number(length)
}

function writeNumber(bytes, place, number) {
  let rest = number
  for (let at = place + DIGITS - 1; at >= place; at--) {
    const tens = Math.floor(rest / 10)
    bytes[at] = 48 + (rest - tens * 10)
    rest = tens
  }
}
