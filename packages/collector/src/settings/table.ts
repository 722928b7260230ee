import * as as from './parsed.js'
import type { Parse } from './parsed.js'

/** One thing that can be set. The environment wins over the configuration file. */
export interface Setting<T = unknown> {
  /** The environment variable. */
  env: string
  parse: Parse<T>
  /** What holds when nothing is given. */
  fallback?: T
  /** The default in words, where the value alone would not tell. */
  fallbackText?: string
  /** What it is for, its unit included, in one sentence. */
  doc: string
  /** It is a secret: `<ENV>_FILE` and `<key>File` name a file that holds it, so that it need not stand in the environment. */
  secret?: true
  see?: string
}

const setting = <T>(setting: Setting<T>): Setting<T> => setting

const CONVERSIONS_API = 'https://developers.facebook.com/documentation/ads-commerce/conversions-api'
const MB = 1024 ** 2

/**
 * Every setting, once: its key in the configuration file, its variable, default, check and meaning.
 *
 * `loadSettings()` reads by it, and the tables in `README.md` are compared with it by a test.
 */
export const SETTINGS = {
  pixelId: setting({
    env: 'META_PIXEL_ID',
    parse: as.pixelId,
    doc: 'The pixel (Events Manager: dataset) that events are collected for; several stand in the configuration file.',
    see: `${CONVERSIONS_API}/get-started`,
  }),
  accessToken: setting({
    env: 'META_ACCESS_TOKEN',
    parse: as.secret(),
    secret: true,
    fallbackText: 'none: the built-in sandbox stands in for Meta',
    doc: 'The Conversions API token of the pixel.',
    see: `${CONVERSIONS_API}/get-started`,
  }),
  appSecret: setting({
    env: 'META_APP_SECRET',
    parse: as.secret(),
    secret: true,
    doc: 'The secret of the token’s app: with it every request to Meta carries `appsecret_proof`.',
    see: 'https://developers.facebook.com/docs/graph-api/guides/secure-requests',
  }),
  testEventCode: setting({
    env: 'META_TEST_EVENT_CODE',
    parse: as.text(/^[\w-]{1,64}$/, 'a code like TEST12345'),
    doc: 'Shows the events under Test Events in Events Manager. They count all the same.',
    see: `${CONVERSIONS_API}/using-the-api`,
  }),
  apiVersion: setting({
    env: 'META_API_VERSION',
    parse: as.text(/^v\d{1,3}\.\d{1,2}$/, 'a version like v26.0'),
    fallback: 'v26.0',
    doc: 'The version of the Graph API.',
    see: 'https://developers.facebook.com/docs/graph-api/changelog/versions',
  }),
  graphUrl: setting({
    env: 'META_GRAPH_URL',
    parse: as.httpUrl,
    fallback: 'https://graph.facebook.com',
    doc: 'Where events are relayed to.',
  }),
  host: setting({
    env: 'HOST',
    parse: as.host,
    fallback: '0.0.0.0',
    doc: 'The address that visitors and servers are served on; `::` for IPv6 and IPv4.',
  }),
  port: setting({
    env: 'PORT',
    parse: as.wholeNumber(0, 65_535),
    fallback: 8080,
    doc: 'Its port; 0 takes a free one.',
  }),
  adminHost: setting({
    env: 'ADMIN_HOST',
    parse: as.host,
    fallback: '127.0.0.1',
    doc: 'The address of the second listener: inspector, metrics, detailed health.',
  }),
  adminPort: setting({
    env: 'ADMIN_PORT',
    parse: as.wholeNumber(0, 65_535),
    fallback: 8081,
    doc: 'Its port; 0 takes a free one.',
  }),
  inspectPassword: setting({
    env: 'INSPECT_PASSWORD',
    parse: as.secret(8),
    secret: true,
    fallbackText: 'none: the inspector runs on loopback only',
    doc: 'The inspector’s password; at least 8 characters.',
  }),
  queueUrl: setting({
    env: 'QUEUE_URL',
    parse: as.queueUrl,
    fallback: 'sqlite:./data/queue.db',
    secret: true,
    doc: 'Where events wait: `sqlite:<file>`, `postgres://user@host/db`, `nats://host:4222[,host…]`, or `direct:` (nowhere: the answer tells what Meta said).',
  }),
  maxQueueBytes: setting({
    env: 'MAX_QUEUE_BYTES',
    parse: as.bytes(4 * MB),
    fallback: 2048 * MB,
    fallbackText: '2gb',
    doc: 'How large the queue may grow before events are refused with 503; in bytes, or like `512mb`.',
  }),
  maxBodyBytes: setting({
    env: 'MAX_BODY_BYTES',
    parse: as.bytes(1024),
    fallback: MB,
    fallbackText: '1mb',
    doc: 'The largest body a request may have; in bytes, or like `512kb`.',
  }),
  rateLimit: setting({
    env: 'RATE_LIMIT',
    parse: as.wholeNumber(0, 1_000_000),
    fallback: 100,
    doc: 'Requests a second from one address (IPv6: one /64), with bursts of five seconds’ worth; 0 is without limit. Servers with an API key are not limited.',
  }),
  allowedOrigins: setting({
    env: 'ALLOWED_ORIGINS',
    parse: as.listOf(as.origin),
    fallback: [],
    fallbackText: 'none: pages of the collector’s own site',
    doc: 'Origins whose pages may send, by comma: `https://shop.example.com`, `https://*.example.com`. A pixel in the file may have its own list.',
  }),
  apiKeys: setting({
    env: 'API_KEYS',
    parse: as.listOf(as.secret(16)),
    fallback: [],
    fallbackText: 'none: servers are refused',
    secret: true,
    doc: 'Keys of servers, by comma, at least 16 characters each; sent as `Authorization: Bearer`, or as `access_token` on the Graph edge.',
  }),
  trustProxy: setting({
    env: 'TRUST_PROXY',
    parse: as.proxies,
    fallback: 0,
    doc: 'How many proxies stand in front, or the networks they are in (`10.0.0.0/8`, `loopback`, `uniquelocal`): only they are believed about the visitor’s address.',
  }),
  cookieDomain: setting({
    env: 'COOKIE_DOMAIN',
    parse: as.cookieDomain,
    fallbackText: 'the registrable domain of the host',
    doc: 'The domain that `_fbp` and `_fbc` are set for.',
  }),
  rememberMatchDataDays: setting({
    env: 'REMEMBER_MATCH_DATA_DAYS',
    parse: as.wholeNumber(0, 400),
    fallback: 0,
    doc: 'How many days a visitor’s browser keeps what an event said about him or her, hashed, in an `HttpOnly` cookie that completes later events of that browser; 0 is off.',
  }),
  defaultCountry: setting({
    env: 'DEFAULT_COUNTRY',
    parse: as.country,
    doc: 'Two letters (ISO 3166-1): completes phone numbers and postcodes that lack a country.',
  }),
  eventsPath: setting({
    env: 'EVENTS_PATH',
    parse: as.path,
    fallback: '/events',
    doc: 'The path that events are posted to.',
  }),
  trackerPath: setting({
    env: 'TRACKER_PATH',
    parse: as.path,
    fallback: '/tracker.js',
    doc: 'The path that the tracker is served from.',
  }),
  drainMs: setting({
    env: 'DRAIN_MS',
    parse: as.wholeNumber(0, 600_000),
    fallback: 0,
    doc: 'How long SIGTERM leaves everything open while `/health/ready` says 503, in milliseconds: behind a load balancer, longer than it takes to notice.',
  }),
  stopTimeoutMs: setting({
    env: 'STOP_TIMEOUT_MS',
    parse: as.wholeNumber(0, 600_000),
    fallback: 10_000,
    doc: 'How long SIGTERM waits for what is under way, in milliseconds. Nothing is lost after it.',
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    parse: as.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    fallback: 'info',
    doc: 'The least important lines to log: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
  }),
} satisfies Record<string, Setting>

export type SettingKey = keyof typeof SETTINGS
