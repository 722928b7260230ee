import { createHmac } from 'node:crypto'
import type { Pixel } from '../pixels.js'
import type { LaneKey, LeasedEvent } from '../queue/queue.js'
import type { Texts } from '../queue/texts.js'
import { framed, slice } from '../queue/texts.js'

/**
 * The body of one request: finished JSON texts, joined. Nothing is parsed or built again.
 *
 * The token travels in the body because that is the way Meta documents and its SDKs go (`-F access_token=…`, a field of the JSON).
 * In the URL it would end in the logs of every proxy; as `Authorization: Bearer` others use it, but no page of the
 * Conversions API promises that it works.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api
 */
export function requestBody(
  lane: LaneKey,
  events: readonly Sendable[],
  pixel: Pick<Pixel, 'accessToken' | 'appSecret' | 'testEventCode'>,
): Buffer {
  const tail = Buffer.from(`]${fields(lane, pixel)}}`)
  const runs = runsOf(events)
  const [first] = runs
  const whole =
    runs.length === 1 && typeof first === 'object' && first.from === 0 && first.to === first.texts.ends.length - 1
  return (whole && framed(first.texts, HEAD, tail)) || join(runs, tail)
}

type Sendable = Pick<LeasedEvent, 'json' | 'place'>

/** Texts that lie beside each other; all of a batch mostly do. */
interface Run {
  texts: Texts
  from: number
  to: number
}

/** The texts, to be joined by commas. */
function runsOf(events: readonly Sendable[]): (string | Run)[] {
  const runs: (string | Run)[] = []
  let open: Run | undefined
  for (const event of events) {
    const { place } = event
    if (place !== undefined && place.texts === open?.texts && place.index === open.to + 1) {
      open.to++
      continue
    }
    open = place && { texts: place.texts, from: place.index, to: place.index }
    runs.push(open ?? event.json)
  }
  return runs
}

const HEAD = Buffer.from('{"data":[')
const COMMA = 0x2c
const MOST_BYTES_PER_UNIT = 3

/**
 * Writes each piece where it belongs. Joining strings first costs nearly twice as much: the joined string is built, then read again.
 */
function join(runs: readonly (string | Run)[], tail: Buffer): Buffer {
  const pieces = runs.map((run) => (typeof run === 'string' ? run : slice(run.texts, run.from, run.to)))
  // Nearly all text is ASCII, where a unit of the string is a byte.
  const units = pieces.reduce((sum, { length }) => sum + length + 1, HEAD.length + tail.length)
  let bytes = Buffer.allocUnsafe(units)
  let end = HEAD.copy(bytes)

  pieces.forEach((piece, index) => {
    const free = bytes.length - end - tail.length - 1
    if (free < mostBytes(piece) && free < Buffer.byteLength(piece)) {
      const larger = Buffer.allocUnsafe(bytes.length + units + Buffer.byteLength(piece))
      bytes.copy(larger, 0, 0, end)
      bytes = larger
    }
    if (index > 0) bytes[end++] = COMMA
    end += typeof piece === 'string' ? bytes.write(piece, end) : piece.copy(bytes, end)
  })
  return bytes.subarray(0, end + tail.copy(bytes, end))
}

const mostBytes = (piece: string | Buffer) => piece.length * (typeof piece === 'string' ? MOST_BYTES_PER_UNIT : 1)

function fields(lane: LaneKey, pixel: Pick<Pixel, 'accessToken' | 'appSecret' | 'testEventCode'>): string {
  const token = pixel.accessToken?.reveal()
  const secret = pixel.appSecret?.reveal()
  const given = {
    test_event_code: lane.testEventCode ?? pixel.testEventCode,
    access_token: token,
    appsecret_proof: token !== undefined && secret !== undefined ? appSecretProof(token, secret) : undefined,
  }
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('')
}

/** Shows that whoever holds the token also knows the app's secret. @see https://developers.facebook.com/docs/graph-api/guides/secure-requests */
export function appSecretProof(accessToken: string, appSecret: string): string {
  return createHmac('sha256', appSecret).update(accessToken).digest('hex')
}
