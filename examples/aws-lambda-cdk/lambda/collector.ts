/** The same collector as everywhere, without ports of its own, set up once per execution environment. */
import {
  createCollector,
  createPixels,
  loadSettings,
  Secret,
  type Collector,
  type CollectorOptions,
} from '@pixel-mirror/collector'
import { tokenSource, type TokenSource } from './secret.js'

export interface Environment {
  env?: NodeJS.ProcessEnv
  token?: TokenSource
  /** Where accepted events go. @defaultValue `direct:`, straight to Meta */
  queue?: CollectorOptions['queue']
}

export interface LambdaCollector {
  collector: Collector
  /** Takes a rotated token over, if there is one. Once per invocation; usually answered from memory. */
  refreshToken(): Promise<void>
}

export async function startCollector({ env = process.env, token, queue }: Environment = {}): Promise<LambdaCollector> {
  const source = token ?? tokenSource(required(env, 'META_ACCESS_TOKEN_SECRET'))
  let accessToken = await source.read()
  const settings = loadSettings({ env: { ...known(env), QUEUE_URL: 'direct:', META_ACCESS_TOKEN: accessToken } })
  const pixels = createPixels(settings.pixels, () =>
    settings.pixels.map((pixel) => ({ ...pixel, accessToken: new Secret(accessToken) })),
  )
  const collector = await createCollector({ settings, pixels, listen: false, ...(queue && { queue }) })
  await collector.start()

  return {
    collector,
    async refreshToken() {
      const now = await source.read()
      if (now === accessToken) return
      accessToken = now
      pixels.reload()
    },
  }
}

/** Lambda's own variables are none of the collector's business. */
function known(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = [
    'META_PIXEL_ID',
    'META_API_VERSION',
    'META_GRAPH_URL',
    'META_TEST_EVENT_CODE',
    'ALLOWED_ORIGINS',
    'API_KEYS',
    'COOKIE_DOMAIN',
    'REMEMBER_MATCH_DATA_DAYS',
    'DEFAULT_COUNTRY',
    'LOG_LEVEL',
  ]
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}

export function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`The environment variable ${name} is missing: the stack sets it.`)
  return value
}
