import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recall, type MatchData, type MatchKey } from '../../src/pipeline/match-memory.js'
import { prepareBatch } from '../../src/pipeline/prepare-batch.js'
import { sha256 } from '../../src/sha256.js'
import { draft, fromBrowser, fromServer, PIXEL_ID, pipelineOptions, PURCHASE } from './fixtures.js'

const IDENTIFIERS = ['em', 'ph', 'external_id'] as const

/** Names of people and things, hashed. */
const hashed = (data: Partial<Record<MatchKey, string>>): MatchData =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, sha256(value)]))

const JANE = hashed({ em: 'jane', ph: '1', fn: 'jane', country: 'de' })

/** As `normalise()` leaves it: every key a list. */
const listed = (data: Record<string, string | string[]>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, [value].flat()]))

function remember(told: Record<string, string | string[]>, remembered?: MatchData, over = {}) {
  const event = draft({ user_data: listed(told), ...over })
  const next = recall(event, remembered)
  return { carries: event.user_data, next }
}

describe('what is remembered of a visitor', () => {
  it('completes an event that says nothing, and stays as it is', () => {
    expect(remember({ fbp: 'x' }, JANE)).toEqual({ carries: listed({ fbp: 'x', ...JANE }), next: undefined })
  })

  it.each<[string, MatchData, MatchData]>([
    ['the same e-mail address', hashed({ em: 'jane' }), JANE],
    ['the same address and another name', hashed({ em: 'jane', fn: 'j.' }), { ...JANE, ...hashed({ fn: 'j.' }) }],
    ['a further key', hashed({ em: 'jane', ln: 'doe' }), { ...JANE, ...hashed({ ln: 'doe' }) }],
    ['nothing but what agrees', hashed({ country: 'de' }), JANE],
    ['nothing but what is new', hashed({ zp: '10115' }), { ...JANE, ...hashed({ zp: '10115' }) }],
  ])('completes an event with %s, and learns from it', (_what, told, all) => {
    expect(remember(told, JANE)).toEqual({ carries: listed(all), next: all })
  })

  it.each<[string, MatchData]>([
    ['another e-mail address', hashed({ em: 'john' })],
    ['another e-mail address and the same telephone', hashed({ em: 'john', ph: '1' })],
    ['another telephone', hashed({ ph: '2' })],
    ['another name alone', hashed({ fn: 'john' })],
    ['another country alone', hashed({ country: 'fr' })],
  ])('is somebody else’s where an event has %s: it takes the place', (_what, told) => {
    expect(remember(told, JANE)).toEqual({ carries: listed(told), next: told })
  })

  it('begins with the first event that says something', () => {
    expect(remember({}, undefined)).toEqual({ carries: {}, next: undefined })
    expect(remember(JANE, undefined)).toEqual({ carries: listed(JANE), next: JANE })
  })

  it('is the first of several addresses; any of them says that it is the same person', () => {
    const [a, b] = [sha256('a'), sha256('b')]

    expect(remember({ em: [a, b] }, undefined).next).toEqual({ em: a })
    expect(remember({ em: [b, a] }, { em: a, ph: b }).carries).toEqual({ em: [b, a], ph: [b] })
  })

  it('is hashes alone, without what Meta’s libraries append to them', () => {
    const em = sha256('jane')

    expect(remember({ em: `${em}.AQQCAQMC` }, undefined).next).toEqual({ em })
    expect(remember({ em: 'd41d8cd98f00b204e9800998ecf8427e', fn: 'Jane', fbp: em }, undefined).next).toBeUndefined()
  })

  it.each([{ data_processing_options: ['LDU'] }, { opt_out: true }])(
    'is neither used nor kept where the event says %j',
    (limited) => {
      expect(remember({}, JANE, limited)).toEqual({ carries: {}, next: {} })
      expect(remember(JANE, undefined, limited)).toEqual({ carries: listed(JANE), next: undefined })
    },
  )

  it('never joins two people, whatever the visitors of a browser say one after another', () => {
    const hash = fc.constantFrom('1', '2', '3').map(sha256)
    const said = fc.dictionary(fc.constantFrom(...IDENTIFIERS), hash)
    fc.assert(
      fc.property(fc.array(said, { maxLength: 8 }), (events) => {
        let remembered: MatchData | undefined
        let person: MatchData = {}
        for (const told of events) {
          const { carries, next } = remember(told, remembered)
          remembered = next ?? remembered
          const isNew = IDENTIFIERS.some((key) => told[key] && person[key] && told[key] !== person[key])
          person = isNew ? told : { ...person, ...told }

          expect(carries).toEqual(listed(person))
        }
      }),
    )
  })
})

describe('in a request', () => {
  const VIEW = { ...PURCHASE, event_name: 'PageView', event_id: undefined, user_data: {}, custom_data: {} }
  const em = sha256('jane@example.com')
  const told = { ...VIEW, user_data: { em: 'jane@example.com' } }

  const spoken = (event: typeof told | typeof VIEW) => ({
    ...event,
    user_data: { ...event.user_data, client_user_agent: 'x', external_id: '1' },
  })

  function carried(events: unknown[], received = fromBrowser()) {
    const result = prepareBatch({ data: events }, received, pipelineOptions())
    return (result.kind === 'prepared' ? result.prepared : []).map((one) =>
      one.kind === 'ready'
        ? (JSON.parse(one.event.json) as { user_data: { em?: string[] } }).user_data.em?.join()
        : one.kind,
    )
  }

  it('an event knows what those before it have said', () => {
    const other = { ...VIEW, user_data: { em: 'john@example.com' } }
    const known = fromBrowser({ matchMemory: new Map([[PIXEL_ID, { em }]]) })

    expect(carried([VIEW, other, VIEW], known)).toEqual([em, sha256('john@example.com'), sha256('john@example.com')])
  })

  it('nothing is remembered unless that is set, for another pixel, or of servers', () => {
    expect(carried([told, VIEW])).toEqual([em, undefined])
    expect(carried([VIEW], fromBrowser({ matchMemory: new Map([['2', { em }]]) }))).toEqual([undefined])
    expect(carried([spoken(told), spoken(VIEW)], fromServer())).toEqual([em, undefined])
  })
})
