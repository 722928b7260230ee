import { readFileSync } from 'node:fs'
import { NoAnswerError, QueueInUseError } from '../../errors.js'
import { Secret } from '../../secret.js'
import type { Settings } from '../../settings.js'
import { reachableUrl } from '../admin-fetch.js'
import { collectorDestination } from './collector-destination.js'
import type { Destination } from './destination.js'

export interface Wanted {
  /** A collector elsewhere: its public address. */
  url?: string
  /** A file with one of its API keys. @defaultValue the first of `API_KEYS` */
  apiKeyFile?: string
  testEventCode?: string
}

/**
 * Where orders go: to the collector that was named, to the one that runs here with these settings, or, where none runs, into the
 * queue, from which the next one takes them.
 *
 * @throws NoAnswerError when there is no key for a collector elsewhere
 */
export async function chooseDestination(
  settings: Settings,
  { url, apiKeyFile, testEventCode }: Wanted,
): Promise<Destination> {
  const code = testEventCode === undefined ? {} : { testEventCode }
  if (url !== undefined) {
    const key = apiKeyFile === undefined ? settings.apiKeys[0] : new Secret(readFileSync(apiKeyFile, 'utf8').trim())
    if (key === undefined) {
      throw new NoAnswerError(
        `${url} wants one of its API keys: set API_KEYS or API_KEYS_FILE, or give --api-key-file.`,
      )
    }
    return collectorDestination(`${url.replace(/\/+$/, '')}${settings.eventsPath}`, { key, ...code })
  }
  try {
    // Loads all that hashes and normalises: only when it is needed, so that other commands answer at once.
    const { openQueueDestination } = await import('./queue-destination.js')
    return await openQueueDestination(settings, testEventCode)
  } catch (error) {
    if (!(error instanceof QueueInUseError)) throw error
    const { adminHost, adminPort, inspectPassword: key } = settings
    return collectorDestination(`${reachableUrl(adminHost, adminPort)}/admin/events`, { ...(key && { key }), ...code })
  }
}
