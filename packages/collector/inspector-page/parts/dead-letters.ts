import type { DeadLetterPage, DeadLetterRow } from '../../src/inspector/api.js'
import { h } from '../element.js'
import { formatCount, formatMoment } from '../format.js'
import { get, post } from '../server.js'
import type { Page } from '../view.js'
import { plainCode } from '../words.js'

/** The dead letters of the Health view: to look at, replay and drop. */
export interface DeadLetters {
  load(page: Page): Promise<void>
  build(): HTMLElement
  act(action: string, element: HTMLElement, page: Page): void
}

export function createDeadLetters(): DeadLetters {
  let letters: DeadLetterRow[] = []
  let next: string | undefined
  let cause = ''
  let causes = new Set<string>()
  const chosen = new Set<string>()
  const open = new Set<string>()

  async function loadPage(page: Page, after?: string): Promise<void> {
    const answer = await get<DeadLetterPage>('dead-letters', { pixel: page.choice.pixel, cause, after })
    letters = after === undefined ? answer.letters : [...letters, ...answer.letters]
    next = answer.after
    for (const { reason } of answer.letters) causes.add(reason.cause)
    const there = new Set(letters.map(({ id }) => id))
    for (const id of chosen) if (!there.has(id)) chosen.delete(id)
  }

  /** The ticked ones; when none is ticked, all that are shown; when there are more than that, all of the filter. */
  function choice(page: Page): object {
    if (chosen.size > 0) return { ids: [...chosen] }
    if (next === undefined) return { ids: letters.map(({ id }) => id) }
    const filter = { ...(page.choice.pixel && { pixel: page.choice.pixel }), ...(cause && { cause }) }
    return Object.keys(filter).length > 0 ? filter : { all: true }
  }

  const which = (): string =>
    chosen.size > 0
      ? `${formatCount(chosen.size)} dead letter${chosen.size === 1 ? '' : 's'}`
      : cause
        ? `all dead letters with the reason “${plainCode(cause)}”`
        : 'all dead letters'

  async function replay(page: Page): Promise<void> {
    const { replayed, tooOld } = await post<{ replayed: number; tooOld: number }>('dead-letters/replay', choice(page))
    page.announce(
      `${formatCount(replayed)} went back into the queue.${tooOld > 0 ? ` ${formatCount(tooOld)} are too old for Meta and stay.` : ''}`,
    )
  }

  async function drop(page: Page): Promise<void> {
    const sure = await page.confirm({
      title: `Delete ${which()}?`,
      text: 'What is deleted is gone, and never reaches Meta.',
      yes: 'Delete',
    })
    if (!sure) return
    const { dropped } = await post<{ dropped: number }>('dead-letters/drop', choice(page))
    page.announce(`${formatCount(dropped)} deleted.`)
  }

  function after(work: Promise<void>, page: Page): void {
    work.then(
      () => {
        chosen.clear()
        causes = new Set()
        cause = ''
        page.refresh()
      },
      (error: unknown) => page.announce(error instanceof Error ? error.message : String(error)),
    )
  }

  return {
    load: (page) => loadPage(page),

    act(action, element, page) {
      const id = element.dataset['id'] ?? ''
      if (action === 'letter-choose') {
        if ((element as HTMLInputElement).checked) chosen.add(id)
        else chosen.delete(id)
        page.paint()
      } else if (action === 'letter-choose-all') {
        const group = grouped(letters).find(({ key }) => key === element.dataset['group'])
        for (const letter of group?.letters ?? []) {
          if ((element as HTMLInputElement).checked) chosen.add(letter.id)
          else chosen.delete(letter.id)
        }
        page.paint()
      } else if (action === 'letter-cause') {
        cause = (element as HTMLSelectElement).value
        chosen.clear()
        page.refresh()
      } else if (action === 'letter-open') {
        if (!open.delete(id)) open.add(id)
        page.paint()
      } else if (action === 'letters-more') {
        void loadPage(page, next).then(() => page.paint())
      } else if (action === 'letters-replay') {
        after(replay(page), page)
      } else if (action === 'letters-drop') {
        after(drop(page), page)
      }
    },

    build() {
      if (letters.length === 0 && !cause) {
        return h(
          'section',
          { 'data-key': 'letters', id: 'dead-letters' },
          h('h2', {}, 'Dead letters'),
          h('p', { class: 'soft' }, 'None. Meta took everything it was sent.'),
        )
      }
      return h(
        'section',
        { 'data-key': 'letters', id: 'dead-letters' },
        h('h2', {}, 'Dead letters'),
        h(
          'p',
          { class: 'soft' },
          'Events that Meta did not take, with its reason. Mend the cause first; a replayed event goes back into the queue as it is.',
        ),
        h(
          'div',
          { class: 'tools' },
          h(
            'label',
            {},
            'Reason ',
            h(
              'select',
              { 'data-action': 'letter-cause', 'data-value': cause },
              h('option', { value: '' }, 'all'),
              ...[...causes].sort().map((name) => h('option', { value: name, 'data-key': name }, plainCode(name))),
            ),
          ),
          h(
            'button',
            { type: 'button', class: 'plain', 'data-action': 'letters-replay' },
            chosen.size > 0 ? `Replay ${formatCount(chosen.size)}` : 'Replay all',
          ),
          h(
            'button',
            { type: 'button', class: 'plain danger', 'data-action': 'letters-drop' },
            chosen.size > 0 ? `Delete ${formatCount(chosen.size)} …` : 'Delete all …',
          ),
        ),
        ...grouped(letters).map((group) => groupItem(group, chosen, open)),
        next !== undefined &&
          h('button', { type: 'button', class: 'plain more', 'data-action': 'letters-more' }, 'More'),
      )
    },
  }
}

/** Letters that died of the same thing, told once. */
interface Group {
  key: string
  letters: DeadLetterRow[]
}

function grouped(letters: readonly DeadLetterRow[]): Group[] {
  const groups = new Map<string, Group>()
  for (const letter of letters) {
    const { cause, code, subcode, message } = letter.reason
    const key = [cause, code, subcode, message].join(' ')
    const group = groups.get(key) ?? { key, letters: [] }
    group.letters.push(letter)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function groupItem({ key, letters }: Group, chosen: ReadonlySet<string>, open: ReadonlySet<string>): HTMLElement {
  const [first] = letters as [DeadLetterRow]
  const { reason, remedy } = first
  const all = letters.every(({ id }) => chosen.has(id))
  return h(
    'div',
    { class: 'letter-group', role: 'group', 'data-key': key, 'aria-label': `Dead letters: ${plainCode(reason.cause)}` },
    h(
      'div',
      { class: 'reason' },
      letters.length > 1 &&
        h('input', {
          type: 'checkbox',
          'aria-label': `Choose all ${letters.length} of these`,
          'data-action': 'letter-choose-all',
          'data-checked': String(all),
          'data-group': key,
        }),
      h(
        'div',
        {},
        h('h3', {}, `${formatCount(letters.length)} × ${plainCode(reason.cause)}`),
        h('p', {}, reason.message, codes(reason)),
        remedy !== undefined && h('p', { class: 'remedy' }, remedy),
      ),
    ),
    h('ul', { class: 'letters' }, ...letters.map((letter) => item(letter, chosen.has(letter.id), open.has(letter.id)))),
  )
}

function codes({ code, subcode }: DeadLetterRow['reason']): HTMLElement | false {
  return (
    code !== undefined && h('span', { class: 'soft' }, ` (code ${code}${subcode === undefined ? '' : ` / ${subcode}`})`)
  )
}

function item(letter: DeadLetterRow, ticked: boolean, opened: boolean): HTMLElement {
  const { id, eventName, eventId, pixelId, diedAtMs, reason, event } = letter
  return h(
    'li',
    { 'data-key': id, class: ticked ? 'ticked' : '' },
    h('input', {
      type: 'checkbox',
      'aria-label': `Choose ${eventName} ${eventId ?? ''}`,
      'data-action': 'letter-choose',
      'data-checked': String(ticked),
      'data-id': id,
    }),
    h(
      'p',
      { class: 'letter-head' },
      h('b', {}, eventName),
      ' ',
      eventId !== undefined && h('span', { class: 'id' }, eventId),
    ),
    h('time', { datetime: new Date(diedAtMs).toISOString() }, formatMoment(diedAtMs)),
    h(
      'button',
      {
        type: 'button',
        class: 'link',
        'data-action': 'letter-open',
        'data-id': id,
        'aria-expanded': String(opened),
        'aria-label': `${opened ? 'Hide' : 'Show'} ${eventName} ${eventId ?? ''}`,
      },
      opened ? 'Hide' : 'Show',
    ),
    opened &&
      h(
        'div',
        { class: 'letter-event' },
        h('pre', { tabindex: 0, 'aria-label': `Event ${eventName}` }, JSON.stringify(event, null, 2)),
        h(
          'p',
          { class: 'soft' },
          `Pixel ${pixelId}`,
          reason.fbtraceId !== undefined && `, fbtrace_id ${reason.fbtraceId}`,
        ),
      ),
  )
}
