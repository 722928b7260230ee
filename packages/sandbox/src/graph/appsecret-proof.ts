import { createHmac } from 'node:crypto'

/**
 * What proves that the caller knows the app's secret.
 *
 * @see https://developers.facebook.com/docs/graph-api/guides/secure-requests
 */
export function appsecretProof(accessToken: string, appSecret: string): string {
  return createHmac('sha256', appSecret).update(accessToken).digest('hex')
}
