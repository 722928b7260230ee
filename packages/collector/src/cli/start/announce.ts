import type { Settings } from '../../settings.js'
import { plural } from '../in-words.js'
import type { Paint } from '../paint.js'

/** An address to open. */
export interface Page {
  text: string
  href: string
}

/** What runs, for the person who started it. */
export interface Running {
  version: string
  settings: Settings
  /** Addresses to open, in order. */
  pages: readonly Page[]
}

/** The lines that `start` prints once everything runs. */
export function announcement({ version, settings, pages }: Running, paint: Paint): string {
  const width = Math.max(...pages.map(({ text }) => text.length))
  return [
    paint('bold', `Pixel Mirror ${version} runs.`),
    ...pages.map(({ text, href }) => `  ${text.padEnd(width)}  ${href}`),
    destination(settings, paint),
    `${queueInWords(settings.queueUrl)} Stop with Ctrl+C.`,
    '',
  ].join('\n')
}

function destination({ sandbox, pixels, graphUrl, apiVersion }: Settings, paint: Paint): string {
  if (sandbox) {
    return paint(
      'yellow',
      'No access token is set: events go to the built-in sandbox, not to Meta. Set META_PIXEL_ID and META_ACCESS_TOKEN to relay to Meta.',
    )
  }
  const [only] = pixels
  const which = pixels.length === 1 && only ? `pixel ${only.id}` : plural(pixels.length, 'pixel')
  return `Events of ${which} go to ${graphUrl} (${apiVersion}).`
}

/** Never the whole address: it may hold a password. */
function queueInWords(queueUrl: string): string {
  if (queueUrl.startsWith('direct:')) return 'There is no queue. A sender is answered when Meta has answered.'
  const file = /^sqlite:(.+)$/.exec(queueUrl)?.[1]
  const place = file ?? (queueUrl.startsWith('nats:') ? 'NATS JetStream' : 'PostgreSQL')
  return `Events wait in ${place} until they are delivered.`
}
