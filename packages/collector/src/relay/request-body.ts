import { createHmac } from 'node:crypto'
import type { Pixel } from '../pixels.js'
import type { LaneKey, LeasedEvent } from '../queue/queue.js'

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
  events: readonly Pick<LeasedEvent, 'json'>[],
  pixel: Pick<Pixel, 'accessToken' | 'appSecret' | 'testEventCode'>,
): Buffer {
  const tail = `]${fields(lane, pixel)}}`
  const texts = writeTexts(events, Buffer.byteLength(tail))
  return texts.bytes.subarray(0, texts.end + texts.bytes.write(tail, texts.end))
}

const HEAD = '{"data":['
const COMMA = 0x2c
const MOST_BYTES_PER_UNIT = 3

/**
 * Writes each text where it belongs. Joining them first costs three times as much: the joined string is built, then read again.
 *
 * @param room how many bytes to leave free at the end
 */
function writeTexts(events: readonly Pick<LeasedEvent, 'json'>[], room: number): { bytes: Buffer; end: number } {
  let units = HEAD.length + events.length + room
  for (const { json } of events) units += json.length
  // Nearly all text is ASCII, where a unit of the string is a byte.
  let bytes = Buffer.allocUnsafe(units)
  let end = bytes.write(HEAD, 0)

  events.forEach(({ json }, index) => {
    const free = bytes.length - end - room - 1
    if (free < json.length * MOST_BYTES_PER_UNIT && free < Buffer.byteLength(json)) {
      const larger = Buffer.allocUnsafe(bytes.length + units + Buffer.byteLength(json))
      bytes.copy(larger, 0, 0, end)
      bytes = larger
    }
    if (index > 0) bytes[end++] = COMMA
    end += bytes.write(json, end)
  })
  return { bytes, end }
}

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
