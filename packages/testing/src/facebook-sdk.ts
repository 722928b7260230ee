import { createRequire } from 'node:module'

/** The part of Meta's own Node SDK that sends events. It brings no types along. */
export interface FacebookSdk {
  ServerEvent: new () => Builder
  UserData: new () => Builder
  CustomData: new () => Builder
  Content: new () => Builder
  EventRequest: new (accessToken: string, pixelId: string) => EventRequest
}

/** The SDK's objects are filled by setters that return the object. */
export type Builder = { [setter: `set${string}`]: (value: unknown) => Builder }

export interface EventRequest {
  setEvents(events: readonly Builder[]): EventRequest
  setTestEventCode(code: string): EventRequest
  setAppSecret(secret: string): EventRequest
  execute(): Promise<{ events_received: number; messages: string[]; fbtrace_id: string }>
}

/**
 * Meta's Node SDK, as it is, with one difference: it takes the given address for the Graph API's.
 *
 * @param graphUrl instead of `https://graph.facebook.com`
 */
export function facebookSdk(graphUrl: string): FacebookSdk {
  const sdk = createRequire(import.meta.url)('facebook-nodejs-business-sdk') as FacebookSdk & { FacebookAdsApi: object }
  Object.defineProperty(sdk.FacebookAdsApi, 'GRAPH', { configurable: true, get: () => graphUrl })
  return sdk
}
