/** The inspector's page: four views of one collector, live. */
import type { Health, Setup } from '../src/inspector/api.js'
import type { RangeName } from '../src/inspector/range.js'
import { attentions } from './attention.js'
import { readChoice, RANGE_WORDS, VIEWS, writeChoice, type Choice, type ViewName } from './choice.js'
import { h } from './element.js'
import { morph } from './morph.js'
import { followPointer } from './parts/chart.js'
import { get, post, SignInError } from './server.js'
import { signIn } from './sign-in.js'
import { openStream, type StreamState } from './stream.js'
import type { Page, Question, View } from './view.js'
import { createFlowView } from './views/flow.js'
import { createHealthView } from './views/health.js'
import { createQualityView } from './views/quality.js'
import { createValueView } from './views/value.js'

const views: Record<ViewName, View> = {
  flow: createFlowView(),
  value: createValueView(),
  quality: createQualityView(),
  health: createHealthView(),
}

/** How soon a view asks again when something has happened: long ranges change slowly and cost more. */
const ASK_AGAIN_MS: Record<RangeName, number> = {
  '15m': 1_500,
  '1h': 1_500,
  '24h': 4_000,
  '7d': 20_000,
  '30d': 30_000,
  '90d': 60_000,
}
const HEALTH_EVERY_MS = 10_000

const top = element('top')
const main = element('view')
let stream: StreamState = 'connecting'
let problem: string | undefined
let signedOut = false
let painting = false
let askingAt = 0
let timer: number | undefined

const page: Page = {
  setup: { nowMs: Date.now(), pixels: [], sandbox: false, password: false },
  choice: readChoice(location.hash),
  health: undefined,
  paint,
  refresh: () => void load('asked'),
  go(change) {
    location.hash = writeChoice({ ...page.choice, ...change })
  },
  announce(words) {
    element('announcement').textContent = words
  },
  confirm,
}

const view = (): View => views[page.choice.view]

function paint(): void {
  if (painting) return
  painting = true
  requestAnimationFrame(() => {
    painting = false
    if (signedOut) return
    const header = top.cloneNode(false) as HTMLElement
    header.append(...buildHeader())
    morph(top, header)
    const built = main.cloneNode(false) as HTMLElement
    if (problem !== undefined) built.append(h('p', { class: 'problem', role: 'alert', 'data-key': 'problem' }, problem))
    built.append(view().build(page))
    morph(main, built)
    setChosen()
    document.title = `${view().title} · Pixel Mirror`
  })
}

/** Attributes only say how a field begins; what is chosen now is a property. */
function setChosen(): void {
  for (const select of document.querySelectorAll<HTMLSelectElement>('select[data-value]')) {
    select.value = select.dataset['value'] ?? ''
  }
  for (const box of document.querySelectorAll<HTMLInputElement>('input[data-checked]')) {
    box.checked = box.dataset['checked'] === 'true'
  }
}

function buildHeader(): (HTMLElement | string)[] {
  const { choice, setup, health } = page
  const urgent = attentions(health).length
  return [
    h('p', { class: 'brand' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'Pixel Mirror'),
    h(
      'nav',
      { 'aria-label': 'Views' },
      ...VIEWS.map((name) =>
        h(
          'a',
          {
            href: writeChoice({ ...choice, view: name, name: '' }),
            'data-key': name,
            'aria-current': name === choice.view ? 'page' : null,
          },
          views[name].title,
          name === 'health' &&
            urgent > 0 &&
            h(
              'span',
              { class: 'badge' },
              urgent,
              h('span', { class: 'unseen' }, urgent === 1 ? ' thing needs you' : ' things need you'),
            ),
        ),
      ),
    ),
    h(
      'div',
      { class: 'controls' },
      setup.pixels.length > 1
        ? h(
            'label',
            { 'data-key': 'pixel' },
            h('span', { class: 'unseen' }, 'Pixel'),
            h(
              'select',
              { 'data-action': 'pixel', 'data-value': choice.pixel },
              h('option', { value: '' }, 'All pixels'),
              ...setup.pixels.map(({ id }) => h('option', { value: id }, id)),
            ),
          )
        : '',
      h(
        'label',
        { 'data-key': 'range' },
        h('span', { class: 'unseen' }, 'Time range'),
        h(
          'select',
          { 'data-action': 'range', 'data-value': choice.range },
          ...Object.entries(RANGE_WORDS).map(([name, { short }]) => h('option', { value: name }, short)),
        ),
      ),
      h('span', { class: `live ${stream}`, 'data-key': 'live' }, STREAM_WORDS[stream]),
      setup.password
        ? h('button', { type: 'button', class: 'plain', 'data-action': 'sign-out', 'data-key': 'out' }, 'Sign out')
        : '',
    ),
  ]
}

const STREAM_WORDS: Record<StreamState, string> = {
  connecting: 'Connecting',
  open: 'Live',
  lost: 'Reconnecting',
  resting: 'Resting',
}

/** One question at a time, or a late answer to an old one would overwrite the new. */
let loading = false
let loadAgain: 'news' | 'asked' | undefined

async function load(why: 'news' | 'asked'): Promise<void> {
  if (signedOut) return
  clearTimeout(timer)
  timer = undefined
  if (loading) {
    if (loadAgain !== 'asked') loadAgain = why
    return
  }
  loading = true
  for (let next: typeof loadAgain = why; next && !signedOut; next = loadAgain) {
    loadAgain = undefined
    askingAt = Date.now()
    try {
      await view().load(page, next)
      problem = undefined
    } catch (error) {
      failed(error)
    }
  }
  loading = false
  paint()
}

async function loadHealth(): Promise<void> {
  if (signedOut) return
  try {
    page.health = await get<Health>('health')
    page.setup.nowMs = page.health.nowMs
  } catch (error) {
    failed(error)
  }
  paint()
}

/** Something has happened: ask again soon, but not for every event. */
function loadSoon(): void {
  if (timer !== undefined) return
  const wait = Math.max(0, askingAt + ASK_AGAIN_MS[page.choice.range] - Date.now())
  timer = window.setTimeout(() => void load('news'), wait)
}

function failed(error: unknown): void {
  if (error instanceof SignInError) askToSignIn()
  else
    problem =
      error instanceof TypeError
        ? 'The collector does not answer.'
        : error instanceof Error
          ? error.message
          : String(error)
}

/** Puts the question in place of the page; until it is answered nothing else is asked or painted. */
function askToSignIn(): void {
  if (signedOut) return
  signedOut = true
  signIn(main, top, () => void start())
}

function confirm({ title, text, yes }: Question): Promise<boolean> {
  const dialog = element('question') as HTMLDialogElement
  dialog.replaceChildren(
    h(
      'form',
      { method: 'dialog' },
      h('h2', {}, title),
      h('p', {}, text),
      h(
        'p',
        { class: 'buttons' },
        h('button', { value: 'no', class: 'plain', autofocus: true }, 'Keep'),
        h('button', { value: 'yes', class: 'danger' }, yes),
      ),
    ),
  )
  dialog.setAttribute('aria-label', title)
  dialog.returnValue = 'no'
  dialog.showModal()
  return new Promise((resolve) =>
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }),
  )
}

function act(event: Event, kinds: readonly string[]): void {
  const target = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-action]') : null
  if (!target || !kinds.includes(target.nodeName)) return
  const action = target.dataset['action'] ?? ''
  if (action === 'range') page.go({ range: (target as HTMLSelectElement).value as RangeName })
  else if (action === 'pixel') page.go({ pixel: (target as HTMLSelectElement).value })
  else if (action === 'sign-out') void post('logout', {}).finally(() => location.reload())
  else if (action === 'skip') {
    event.preventDefault()
    main.focus()
  } else view().act?.(action, target, page)
}

document.addEventListener('click', (event) => act(event, ['BUTTON', 'A']))
document.addEventListener('change', (event) => act(event, ['SELECT', 'INPUT']))
document.addEventListener('input', (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type === 'search') act(event, ['INPUT'])
})

window.addEventListener('hashchange', () => {
  const before: Choice = page.choice
  page.choice = readChoice(location.hash)
  paint()
  void load('asked')
  if (before.view === page.choice.view) return
  scrollTo(0, 0)
  // After the view has been painted: its heading is where reading begins.
  requestAnimationFrame(() => requestAnimationFrame(() => main.focus({ preventScroll: true })))
})

let started = false

async function start(): Promise<void> {
  signedOut = false
  try {
    page.setup = await get<Setup>('setup')
  } catch (error) {
    failed(error)
  }
  if (signedOut) return
  if (!started) follow()
  await Promise.all([load('asked'), loadHealth()])
}

/** What goes on by itself from now on. */
function follow(): void {
  started = true
  setInterval(() => {
    if (document.visibilityState === 'visible') void loadHealth()
  }, HEALTH_EVERY_MS)
  openStream(
    (news) => {
      if (!view().news?.(news, page)) loadSoon()
      paint()
    },
    (state) => {
      stream = state
      // Whatever happened while nobody listened.
      if (state === 'open') void Promise.all([load('asked'), loadHealth()])
      paint()
    },
  )
  followPointer(main, (key) =>
    view()
      .charts?.()
      .find((data) => data.key === key),
  )
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`The page has no #${id}.`)
  return found
}

void start()
