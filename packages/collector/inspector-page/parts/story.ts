import type { FlowAttempt, FlowEvent } from '../../src/inspector/api.js'
import type { LaneHold } from '../../src/queue/queue.js'
import { h, type Child } from '../element.js'
import { formatBytes, formatClock, formatCount, formatDuration, formatMoment } from '../format.js'
import { MATCH_KEYS } from '../match-keys.js'
import { DROP_WORDS, plainCode, STATE_WORDS, TWIN_WORDS } from '../words.js'

/**
 * One event's way through the collector, step by step.
 *
 * @param hold why nothing of its pixel is being sent right now
 */
export function story(event: FlowEvent, hold?: LaneHold): HTMLElement {
  return h(
    'ol',
    { class: 'story' },
    received(event),
    enriched(event),
    ...(goesOn(event) ? [sent(event, hold), answer(event)] : []),
  )
}

const goesOn = ({ state }: FlowEvent): boolean => state !== 'rejected' && state !== 'dropped' && state !== 'duplicate'

function step(title: string, tone: string, ...children: Child[]): HTMLElement {
  return h('li', { class: `step ${tone}` }, h('h2', {}, title), ...children)
}

function facts(...pairs: (readonly [string, Child] | false)[]): HTMLElement {
  return h(
    'dl',
    { class: 'facts' },
    ...pairs.flatMap((pair) =>
      pair === false || pair[1] === undefined || pair[1] === ''
        ? []
        : [h('div', {}, h('dt', {}, pair[0]), h('dd', {}, pair[1]))],
    ),
  )
}

function received({ atMs, sender, came, eventId, pixelId, testEventCode, twin, state }: FlowEvent): HTMLElement {
  // What is left out by what came with it is not looked into: neither its id nor its pixel's script is known.
  const isRead = state !== 'dropped'
  return step(
    'Received',
    'good',
    facts(
      ['When', formatMoment(atMs)],
      [
        'From',
        sender === 'browser' ? `a browser${came.origin ? ` on ${came.origin}` : ''}` : 'a server, with an API key',
      ],
      ['Address', came.address],
      ['Browser', came.userAgent],
      sender === 'browser' && ['Cookies', cookies(came)],
      isRead && [
        'Event id',
        eventId ? h('code', {}, eventId) : 'none: Meta cannot tell that its copies are the same event',
      ],
      ['Pixel', pixelId && h('code', {}, pixelId)],
      ['Test code', testEventCode && h('code', {}, testEventCode)],
    ),
    isRead &&
      h(
        'p',
        { class: 'twin' },
        h('span', { class: `swatch ink-${twin}`, 'aria-hidden': 'true' }),
        h('b', {}, TWIN_WORDS[twin].short),
        ' ',
        TWIN_WORDS[twin].long,
      ),
  )
}

function cookies({ fbpCookie, fbcCookie }: FlowEvent['came']): string {
  if (fbpCookie && fbcCookie) return '_fbp and _fbc'
  if (fbpCookie) return '_fbp (no ad click known)'
  return fbcCookie ? '_fbc' : 'none'
}

function enriched(event: FlowEvent): HTMLElement {
  const { repairs, matchKeys, issues, dropReason, state, sent: finished } = event
  if (state === 'rejected') {
    return step(
      'Refused here',
      'bad',
      h(
        'p',
        {},
        'Meta would have refused it, and everything sent with it. The page or server that sends it must change:',
      ),
      h(
        'ul',
        { class: 'issues' },
        ...issues.map(({ path, message }) => h('li', {}, path && h('code', {}, path), ' ', message)),
      ),
    )
  }
  if (state === 'dropped' || state === 'duplicate') {
    const reason = dropReason ?? 'duplicate'
    return step('Left out', 'quiet', h('p', {}, DROP_WORDS[reason] ?? plainCode(reason)))
  }
  const missing = MATCH_KEYS.filter(({ keys }) => !keys.every((key) => matchKeys.includes(key)))
  return step(
    'Enriched',
    'good',
    repairs.length === 0
      ? h('p', { class: 'soft' }, 'Nothing had to be repaired.')
      : h(
          'ul',
          { class: 'repairs' },
          ...repairs.map(({ code, path }) => h('li', {}, plainCode(code), path && [' ', h('code', {}, path)])),
        ),
    facts(
      [
        'Matches by',
        matchKeys.length === 0
          ? 'nothing'
          : h('span', { class: 'keys' }, ...matchKeys.map((key) => h('code', {}, key))),
      ],
      missing.length > 0 && ['Would help', missing.map(({ label }) => label).join(', ')],
    ),
    finished !== undefined &&
      h(
        'details',
        { class: 'payload' },
        h('summary', {}, 'What Meta is sent'),
        h('pre', { tabindex: 0, 'aria-label': 'What Meta is sent' }, JSON.stringify(finished, null, 2)),
        h(
          'p',
          { class: 'soft' },
          'Hashes are shortened, addresses truncated and ids masked on this page; Meta gets them whole.',
        ),
      ),
  )
}

function sent({ attempts, attemptsLeftOut, settled }: FlowEvent, hold?: LaneHold): HTMLElement {
  const held =
    settled === undefined &&
    hold !== undefined &&
    h(
      'p',
      {},
      h('b', {}, hold.kind === 'parked' ? 'Its pixel is parked. ' : 'Its pixel waits, as Meta asks. '),
      hold.reason,
    )
  if (attempts.length === 0) {
    return step(
      'Sent',
      held ? 'warn' : 'wait',
      held ||
        h('p', { class: 'soft' }, 'Not yet. It lies on disk and leaves with the next batch, after a second at most.'),
    )
  }
  return step(
    'Sent',
    attempts.at(-1)?.outcome === 'accepted' ? 'good' : 'warn',
    h(
      'ol',
      { class: 'attempts' },
      ...attempts
        .flatMap((attempt, index) => [
          index === 3 &&
            attemptsLeftOut > 0 &&
            h('li', { class: 'soft' }, `… ${formatCount(attemptsLeftOut)} more attempts …`),
          h('li', {}, attemptLine(attempt)),
        ])
        .filter((item) => item !== false),
    ),
    held,
  )
}

function attemptLine(attempt: FlowAttempt): Child {
  const { atMs, events, bytes, durationMs, status, outcome, cause, message, remedy, bisecting, fbtraceId } = attempt
  const company = events === 1 ? 'alone' : `with ${formatCount(events - 1)} other${events === 2 ? '' : 's'}`
  return [
    h('span', { class: 'time' }, formatClock(atMs)),
    ' ',
    `${company}, ${formatBytes(bytes)}; ${status === undefined ? 'no answer' : `HTTP ${status}`} after ${formatDuration(durationMs)}`,
    bisecting && ', looking for a bad event',
    outcome !== 'accepted' &&
      h(
        'span',
        { class: 'trouble' },
        h('b', {}, plainCode(cause ?? outcome)),
        message && `: ${message}`,
        remedy && [' ', h('em', {}, remedy)],
      ),
    fbtraceId && outcome !== 'accepted' && h('span', { class: 'soft' }, ` fbtrace_id ${fbtraceId}`),
  ]
}

function answer({ state, settled, attempts, atMs }: FlowEvent): HTMLElement {
  const { short, tone } = STATE_WORDS[state]
  if (settled?.kind === 'delivered') {
    const fbtraceId = attempts.at(-1)?.fbtraceId
    return step(
      'Meta’s answer',
      'good',
      h('p', {}, h('b', {}, 'Accepted'), `, ${formatDuration(settled.atMs - atMs)} after it was received.`),
      fbtraceId !== undefined && facts(['fbtrace_id', h('code', {}, fbtraceId)]),
    )
  }
  if (settled) {
    const { reason, remedy } = settled
    return step(
      'Meta’s answer',
      'bad',
      h('p', {}, h('b', {}, short), `: ${reason?.message ?? ''}`),
      remedy && h('p', { class: 'remedy' }, remedy),
      facts(
        [
          'Code',
          reason?.code !== undefined && `${reason.code}${reason.subcode === undefined ? '' : ` / ${reason.subcode}`}`,
        ],
        ['fbtrace_id', reason?.fbtraceId && h('code', {}, reason.fbtraceId)],
      ),
    )
  }
  return step('Meta’s answer', tone, h('p', { class: 'soft' }, 'Not yet.'))
}
