import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { NoAnswerError, QueueInUseError } from '../../errors.js'
import { createBotCheck } from '../../pipeline/bot-check.js'
import { ingest } from '../../pipeline/ingest.js'
import type { PipelineOptions } from '../../pipeline/pipeline-options.js'
import { createPixels } from '../../pixels.js'
import { openQueue } from '../../queue/open-queue.js'
import { Secret } from '../../secret.js'
import type { Settings } from '../../settings.js'
import { reachableUrl } from '../admin-fetch.js'
import { quietly } from '../queue-desk.js'
import { collectorDestination } from './collector-destination.js'
import type { Destination } from './destination.js'
import { queueDestination } from './queue-destination.js'

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
    return await ownQueue(settings, code)
  } catch (error) {
    if (!(error instanceof QueueInUseError)) throw error
    const { adminHost, adminPort, inspectPassword: key } = settings
    return collectorDestination(`${reachableUrl(adminHost, adminPort)}/admin/events`, { ...(key && { key }), ...code })
  }
}

/** The same pipeline as a collector's, without anything around it. */
async function ownQueue(settings: Settings, code: Pick<Wanted, 'testEventCode'>): Promise<Destination> {
  const queue = await openQueue(settings.queueUrl, quietly(settings))
  const pipeline: PipelineOptions = {
    pixels: createPixels(settings.pixels),
    defaultCountry: settings.defaultCountry,
    isBot: createBotCheck(),
    randomId: randomUUID,
  }
  return queueDestination((body, received) => ingest(body, received, { pipeline, queue, observe: () => undefined }), {
    ...code,
    close: () => queue.close(),
  })
}
