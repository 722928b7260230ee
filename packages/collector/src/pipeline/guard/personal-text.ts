/** What was found in a text: nothing, personal data among other words, or nothing but personal data. */
export type Found = { kind: 'clean' } | { kind: 'parts'; text: string } | { kind: 'whole' }

const CLEAN: Found = { kind: 'clean' }

/** Stands where personal data stood. */
export const REMOVED = 'removed'

/**
 * Looks for e-mail addresses and telephone numbers in a text, also percent-encoded.
 *
 * Numbers without a sign that they are telephone numbers (`+49 …`, `tel:`, `(650) 555-1212`) are left alone: order numbers, article numbers
 * and prices look the same.
 */
export function findPersonal(text: string): Found {
  if (!SUSPICIOUS.test(text)) return CLEAN
  let rest = text
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const spans = merged([...emails(rest), ...phones(rest)])
    if (spans.length === 0) return rest === text ? CLEAN : { kind: 'parts', text: rest }
    if (replaced(rest, spans, '').trim() === '') return { kind: 'whole' }
    rest = replaced(rest, spans, REMOVED)
  }
  return { kind: 'whole' }
}

/** What is left may read as an address again (`a@+49….com`). Whoever writes like this loses the whole text. */
const MAX_PASSES = 3

type Span = readonly [start: number, end: number]

/** A quick look that lets almost every text pass. */
const SUSPICIOUS = /[@＠+]|\(\d|%(?:25)*(?:40|2[bB])|[tT][eE][lL]:/

const AT = /@|＠|%(?:25)*40/gi

/** What may stand in front of the at, in any script. Signs that part the pieces of an address on the web are left out, although mailboxes may have them. */
const LOCAL = /[\p{L}\p{M}\p{N}.!$'*+^_`{|}~%-]/u
const DOMAIN =
  /^[\p{L}\p{M}\p{N}-]{1,63}(?:\.[\p{L}\p{M}\p{N}-]{1,63}){0,8}\.(?:\p{L}{2,24}|xn--[a-z0-9-]{2,59})(?![\p{L}\p{N}])/iu

const MAX_LOCAL = 64
const MAX_DOMAIN = 255

/** Signs are found first and both sides read from there, so that the work grows with the length of the text and no faster. */
function emails(text: string): Span[] {
  const spans: Span[] = []
  for (const match of text.matchAll(AT)) {
    const afterAt = match.index + match[0].length
    const [domain] = DOMAIN.exec(text.slice(afterAt, afterAt + MAX_DOMAIN)) ?? []
    const start = domain === undefined ? match.index : startOfLocal(text, match.index)
    if (domain !== undefined && start < match.index) spans.push([start, afterAt + domain.length])
  }
  return spans
}

function startOfLocal(text: string, at: number): number {
  let start = at
  while (start > 0 && at - start < MAX_LOCAL && LOCAL.test(text.charAt(start - 1))) start--
  return start
}

const PHONES = [
  // +49 151 23456789, %2B49…
  /(?<![\p{L}\p{N}_+])(?:\+|%(?:25)*2b)(?:[\s().-]|%20)*[1-9](?:(?:[\s().-]|%20){0,3}\d){7,14}(?!\d)/giu,
  // tel:030-1234567
  /(?<![\p{L}\p{N}])tel:(?:\/\/)?\+?\d(?:[\s().-]{0,3}\d){5,14}(?!\d)/giu,
  // (650) 555-1212
  /(?<![\p{L}\p{N}])\(\d{3,5}\)[\s.-]?\d{3}[\s.-]?\d{3,5}(?!\d)/gu,
]

function phones(text: string): Span[] {
  return PHONES.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match): Span => [match.index, match.index + match[0].length]),
  )
}

function merged(spans: Span[]): Span[] {
  const sorted = spans.sort(([a], [b]) => a - b)
  const out: Span[] = []
  for (const [start, end] of sorted) {
    const last = out.at(-1)
    if (last !== undefined && start <= last[1]) out[out.length - 1] = [last[0], Math.max(last[1], end)]
    else out.push([start, end])
  }
  return out
}

function replaced(text: string, spans: readonly Span[], by: string): string {
  let result = ''
  let from = 0
  for (const [start, end] of spans) {
    result += text.slice(from, start) + by
    from = end
  }
  return result + text.slice(from)
}
