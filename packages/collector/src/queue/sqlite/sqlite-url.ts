import { resolve } from 'node:path'
import { SettingsError } from '../../errors.js'

/** The file that a `sqlite:` URL names: `sqlite:./data/queue.db`, `sqlite:/var/lib/queue.db` or `sqlite:///var/lib/queue.db`. */
export function sqlitePath(url: string): string {
  const path = url.replace(/^sqlite:(\/\/(?=\/))?/, '')
  if (path === '' || path.endsWith('/') || path.startsWith(':memory:') || path.startsWith('//')) {
    throw new SettingsError([`QUEUE_URL must name a file after "sqlite:", but got "${url}".`])
  }
  return resolve(path)
}
