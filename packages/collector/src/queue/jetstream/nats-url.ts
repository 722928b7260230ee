/** `QUEUE_URL=nats://…` taken apart. Several brokers stand side by side, which no URL parser knows. */
import { SettingsError } from '../../errors.js'

export interface NatsUrl {
  /** `host:port` of each broker. */
  servers: string[]
  user?: string
  password?: string
  /** A file of NATS credentials (JWT and seed), as `nsc` writes it. */
  credentialsFile?: string
  tls?: { caFile?: string; certFile?: string; keyFile?: string }
  /** The stream that holds this cluster's log; two clusters on the same brokers take one each. Default `pixel_mirror`. */
  stream: string
  /** How many brokers keep a copy. Default: 3 on a cluster, 1 on a single broker. */
  replicas?: number
}

const PARAMETERS = new Set(['stream', 'replicas', 'creds', 'tls', 'ca', 'cert', 'key'])
/** Said what is usual by now; older settings may still say it. */
const NO_MORE = 'experimental'

/** @throws SettingsError with everything that is wrong, never with the password */
export function parseNatsUrl(url: string): NatsUrl {
  const [, credentials, hosts = '', query = ''] = /^nats:\/\/(?:([^@/]*)@)?([^/?]+)\/?(?:\?(.*))?$/.exec(url) ?? []
  const [user, ...rest] = (credentials ?? '').split(':').map(decodeURIComponent)
  const password = rest.join(':')
  const parameters = new URLSearchParams(query)
  const { stream = 'pixel_mirror', replicas, creds, tls, ca, cert, key } = Object.fromEntries(parameters)
  const servers = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:4222`))
  const problems = [
    ...(hosts === '' ? ['QUEUE_URL must look like nats://host:4222[,host:4222…]'] : []),
    ...(/^[\w-]{1,64}$/.test(stream) ? [] : ['QUEUE_URL: "stream" must be letters, digits, _ and -.']),
    ...(replicas === undefined || /^[135]$/.test(replicas) ? [] : ['QUEUE_URL: "replicas" must be 1, 3 or 5.']),
    ...[...parameters.keys()]
      .filter((name) => !PARAMETERS.has(name) && name !== NO_MORE)
      .map((name) => `QUEUE_URL: "${name}" is not known. There are ${[...PARAMETERS].join(', ')}.`),
  ]
  if (problems.length > 0) throw new SettingsError(problems)
  const files = { ...(ca && { caFile: ca }), ...(cert && { certFile: cert }), ...(key && { keyFile: key }) }
  return {
    servers,
    stream,
    ...(user && { user, password }),
    ...(creds && { credentialsFile: creds }),
    ...((tls === 'true' || Object.keys(files).length > 0) && { tls: files }),
    ...(replicas !== undefined && { replicas: Number(replicas) }),
  }
}
