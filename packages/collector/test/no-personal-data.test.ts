import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { API_KEY, BROWSER, PIXEL_ID, purchase, runCollector, SHOP } from './running-collector.js'
import type { RunningCollector } from './running-collector.js'

const TOKEN = 'EAAB-the-token-of-the-pixel'
const APP_SECRET = 'the-secret-of-the-app'

const EMAIL = 'zephyrine@quillfeather.example'
const PHONE = '+49 151 98765432'

/** What must not be found anywhere, in no spelling. */
const PERSONAL = ['zephyrine', 'quillfeather', 'oberwolkenheim', '98765432', '19730421', '73105', 'cust-zq-4711']
const SECRETS = [TOKEN, APP_SECRET, API_KEY]

const USER_DATA = {
  em: [EMAIL, ' Zephyrine@QuillFeather.example '],
  ph: [PHONE, '0049-151-98765432'],
  fn: 'Zephyrine',
  ln: 'Quillfeather',
  ge: 'f',
  db: '19730421',
  ct: 'Oberwolkenheim',
  zp: '73105',
  country: 'de',
  external_id: 'cust-zq-4711',
}

const CUSTOM_FIELDS = [
  'search_string',
  'content_name',
  'content_category',
  'status',
  'order_id',
  'email',
  'note',
  'phone',
]

/** Events that carry personal data where it has no business to be: each alone would be taken, or refused with a reason. */
const URL_WITH_DATA = `${SHOP}/thanks?email=${encodeURIComponent(EMAIL)}&tel=${encodeURIComponent(PHONE)}#${EMAIL}`
const INDISCREET_EVENTS: readonly Record<string, unknown>[] = [
  purchase({ user_data: USER_DATA }),
  // What cannot be normalised is dropped, and must not be kept because of that.
  purchase({
    user_data: {
      em: `${EMAIL} or ${PHONE}`,
      ph: EMAIL,
      fn: [EMAIL],
      country: 'Quillfeather',
      client_user_agent: 'x',
    },
  }),
  purchase({ user_data: { em: { plain: EMAIL }, ph: [[PHONE]], zephyrine: EMAIL, client_user_agent: 'x' } }),
  purchase({ event_source_url: URL_WITH_DATA, referrer_url: URL_WITH_DATA }),
  purchase({ event_source_url: `https://zephyrine:98765432@shop.example/` }),
  purchase({ event_source_url: EMAIL, referrer_url: PHONE }),
  ...CUSTOM_FIELDS.map((name) => purchase({ custom_data: { value: 1, currency: 'EUR', [name]: `${EMAIL} ${PHONE}` } })),
  purchase({
    custom_data: { value: 1, currency: 'EUR', [EMAIL]: 1, deep: { deeper: [{ mail: EMAIL, tel: PHONE }] } },
  }),
  purchase({ custom_data: { value: EMAIL, currency: EMAIL } }),
  purchase({
    custom_data: {
      value: 1,
      currency: 'EUR',
      contents: [{ id: EMAIL, quantity: 1, title: PHONE }],
      content_ids: [EMAIL],
    },
  }),
  purchase({ custom_data: EMAIL }),
  purchase({ event_name: EMAIL }),
  purchase({ event_name: 'Lead', event_id: EMAIL }),
  purchase({ event_id: [EMAIL] }),
  purchase({ action_source: EMAIL }),
  purchase({ event_time: EMAIL }),
  purchase({ pixel_id: EMAIL }),
  purchase({ mirror: { pixel: EMAIL, version: EMAIL, [EMAIL]: EMAIL } }),
  purchase({ data_processing_options: [EMAIL] }),
  purchase({ app_data: { note: EMAIL }, original_event_data: { event_name: EMAIL } }),
  purchase({ [EMAIL]: EMAIL, unknown: EMAIL }),
]

interface Sent {
  path: string
  init: RequestInit
}

/** The same by every way in, and what is no event at all. */
function indiscreetRequests(): Sent[] {
  let count = 0
  /** Each with an id of its own, or the second copy would be left out as a duplicate. */
  const indiscreetEvents = () =>
    INDISCREET_EVENTS.map((event) => ({
      ...event,
      ...(event['event_id'] === 'order-1001' && { event_id: `order-${count++}` }),
    }))
  const browser = {
    origin: SHOP,
    'user-agent': BROWSER,
    referer: `${SHOP}/?q=${EMAIL}`,
    cookie: `_fbp=${EMAIL}; _fbc=${EMAIL}`,
  }
  const server = { authorization: `Bearer ${API_KEY}` }
  const post = (path: string, headers: Record<string, string>, body: string): Sent => ({
    path,
    init: { method: 'POST', headers, body },
  })
  const events = indiscreetEvents()
  const query = new URLSearchParams({
    id: PIXEL_ID,
    ev: 'Lead',
    dl: `${SHOP}/?m=${EMAIL}`,
    'ud[em]': EMAIL,
    'cd[mail]': EMAIL,
    eid: EMAIL,
  })
  const form = new URLSearchParams({ access_token: API_KEY, data: JSON.stringify(events) })
  return [
    ...indiscreetEvents().map((event) => post('/events', browser, JSON.stringify(event))),
    ...indiscreetEvents().map((event) => post('/events', server, JSON.stringify(event))),
    post(
      '/events',
      server,
      JSON.stringify({ data: indiscreetEvents(), common: { user_data: USER_DATA }, test_event_code: EMAIL }),
    ),
    post(`/v26.0/${PIXEL_ID}/events`, {}, JSON.stringify({ data: events, access_token: API_KEY, upload_tag: EMAIL })),
    post(`/v26.0/${PIXEL_ID}/events`, { 'content-type': 'application/x-www-form-urlencoded' }, form.toString()),
    post(`/v26.0/${PIXEL_ID}/events?access_token=${TOKEN}&who=${EMAIL}`, {}, '{}'),
    { path: `/tr?${query}`, init: { headers: browser } },
    { path: `/${EMAIL}?${EMAIL}`, init: {} },
    post('/events', browser, `{"em": "${EMAIL}"`),
    post('/events', browser, JSON.stringify(EMAIL)),
    post('/events', browser, JSON.stringify({ data: EMAIL })),
    post('/events', { ...browser, origin: `https://${EMAIL}` }, '{}'),
    post('/events', { ...browser, authorization: `Bearer ${EMAIL}` }, '{}'),
    post('/events', { ...browser, 'content-encoding': EMAIL }, '{}'),
  ]
}

/** Where personal data was found, and which. */
function findIn(
  place: string,
  content: string | Buffer,
  words: readonly string[] = [...PERSONAL, ...SECRETS],
): string[] {
  const text = (typeof content === 'string' ? content : content.toString('latin1')).toLowerCase()
  return words
    .filter((word) => text.includes(word.toLowerCase()))
    .map(
      (word) =>
        `${word} in ${place}: …${text.slice(Math.max(0, text.indexOf(word.toLowerCase()) - 60)).slice(0, 120)}…`,
    )
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  expect(entries.length).toBeGreaterThan(0)
  return entries.map(({ parentPath, name }) => join(parentPath, name))
}

async function findInFiles(folder: string, words?: readonly string[]): Promise<string[]> {
  const files = await filesIn(folder)
  const found = await Promise.all(
    files.map(async (path) => findIn(`file ${basename(path)}`, await readFile(path), words)),
  )
  return found.flat()
}

/** Files that others than their owner may read, with their rights. */
async function openFilesIn(folder: string): Promise<string[]> {
  const files = await Promise.all(
    (await filesIn(folder)).map(async (path) => `${basename(path)} ${((await stat(path)).mode & 0o777).toString(8)}`),
  )
  return files.filter((file) => !file.endsWith(' 600'))
}

async function sendAll(collector: RunningCollector): Promise<{ statuses: number[]; found: string[] }> {
  const statuses: number[] = []
  const found: string[] = []
  for (const { path, init } of indiscreetRequests()) {
    const answer = await fetch(collector.url + path, init)
    statuses.push(answer.status)
    const headers = JSON.stringify([...answer.headers])
    // The page's own origin is echoed to the page itself.
    found.push(...findIn(`answer to ${init.method ?? 'GET'} ${path.slice(0, 20)}`, headers + (await answer.text())))
  }
  return { statuses, found }
}

const ADMIN_PAGES = [
  ...['/metrics', '/health/ready', '/admin/queue', '/admin/dead-letters'],
  ...[
    '/inspect/api/summary',
    '/inspect/api/events',
    '/inspect/api/health',
    '/inspect/api/setup',
    '/inspect/api/dead-letters',
  ],
]

describe('plain personal data and secrets, sent in every field', () => {
  it('are in no file, log line, metric, answer or page of the inspector', { timeout: 120_000 }, async () => {
    const collector = await runCollector({
      env: {
        QUEUE_URL: 'sqlite:./queue.db',
        META_ACCESS_TOKEN: TOKEN,
        META_APP_SECRET: APP_SECRET,
      },
    })

    const { statuses, found } = await sendAll(collector)
    const pages = await Promise.all(
      ADMIN_PAGES.map(async (path) => {
        const answer = await fetch(collector.adminUrl + path)
        expect([path, answer.status]).toEqual([path, 200])
        return findIn(`page ${path}`, await answer.text())
      }),
    )
    const openFiles = await openFilesIn(collector.folder)
    const filesWhileRunning = await findInFiles(collector.folder)
    const { waitingEvents } = await collector.queue.status()
    await collector.stop(1_000)
    const filesAfterwards = await findInFiles(collector.folder)

    // Most of it was taken, and the search finds what is there: otherwise nothing would have been proved.
    expect(await findInFiles(collector.folder, ['order-1'])).not.toEqual([])
    expect(waitingEvents).toBeGreaterThan(20)
    expect(statuses.filter((status) => status >= 500)).toEqual([])
    expect(found).toEqual([])
    expect(pages.flat()).toEqual([])
    expect(openFiles).toEqual([])
    expect(filesWhileRunning).toEqual([])
    expect(filesAfterwards).toEqual([])
    expect(collector.logged.length).toBeGreaterThan(0)
    expect(findIn('the log', collector.logged.join('\n'))).toEqual([])
  })
})
