import { describe, expect, it } from 'vitest'
import { painter } from '../../src/cli/paint.js'
import { announcement } from '../../src/cli/start/announce.js'
import { loadSettings } from '../../src/settings/load-settings.js'

const pages = [
  { text: 'Collector', href: 'http://localhost:8080/events' },
  { text: 'Inspector', href: 'http://127.0.0.1:8081/inspect/' },
]

function announced(env: Record<string, string>, isTTY = false): string {
  const readFile = () => {
    throw Object.assign(new Error(), { code: 'ENOENT' })
  }
  const settings = loadSettings({ env, readFile })
  return announcement({ version: '1.2.3', settings, pages }, painter({ write: () => undefined, isTTY }, {}))
}

const META = { META_PIXEL_ID: '1234567890', META_ACCESS_TOKEN: 'a-token' }

describe('announcement()', () => {
  it('says what runs, which pages to open and where events go', () => {
    expect(announced(META)).toBe(
      [
        'Pixel Mirror 1.2.3 runs.',
        '  Collector  http://localhost:8080/events',
        '  Inspector  http://127.0.0.1:8081/inspect/',
        'Events of pixel 1234567890 go to https://graph.facebook.com (v26.0).',
        'Events wait in ./data/queue.db until they are delivered. Stop with Ctrl+C.',
        '',
      ].join('\n'),
    )
  })

  it('says that nothing goes to Meta when there is no token', () => {
    expect(announced({})).toContain('No access token is set: events go to the built-in sandbox, not to Meta.')
  })

  it.each([
    ['postgres://me@db/mirror', 'Events wait in PostgreSQL until'],
    ['nats://broker:4222', 'Events wait in NATS JetStream until'],
    ['direct:', 'There is no queue.'],
  ])('says where events wait with %s', (QUEUE_URL, words) => {
    expect(announced({ ...META, QUEUE_URL })).toContain(words)
  })

  it('shows no password and no token', () => {
    const words = announced({ ...META, QUEUE_URL: 'postgres://me:hunter2@db/mirror' })

    expect(words).toContain('Events wait in PostgreSQL')
    expect(words).not.toMatch(/hunter2|a-token/)
  })

  it('does not promise a queue that there is not', () => {
    expect(announced({ ...META, QUEUE_URL: 'direct:' })).toContain('A sender is answered when Meta has answered.')
  })
})

describe('painter()', () => {
  const write = (): void => undefined
  const terminal = { write, isTTY: true }

  it.each([
    [terminal, {}, true],
    [{ write }, {}, false],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { CI: 'true' }, false],
    [terminal, { TERM: 'dumb' }, false],
  ])('paints %j with %j: %s', (output, env, colours) => {
    expect(painter(output, env)('red', 'x') !== 'x').toBe(colours)
  })
})
