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
): string {
  let data = ''
  for (const { json } of events) data += data === '' ? json : ',' + json
  return `{"data":[${data}]${fields(lane, pixel)}}`
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
