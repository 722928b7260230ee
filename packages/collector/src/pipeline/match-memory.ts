import type { Draft } from './draft.js'

/**
 * What a browser's earlier events said about its visitor, hashed, and what of it a later event may carry.
 *
 * Two people must never be mixed: whatever contradicts what is remembered is somebody else's, gets nothing of it and takes its place.
 * Opt-in (`REMEMBER_MATCH_DATA_DAYS`): between two events the browser keeps it, in a cookie (`http/match-cookie.ts`); nothing is kept here.
 */
export type MatchData = Readonly<Partial<Record<MatchKey, string>>>

/** By pixel: what one site's visitors have said is none of another one's affair. */
export type MatchMemory = ReadonlyMap<string, MatchData>

/** The keys that tell people apart. */
const IDENTIFIERS = ['em', 'ph', 'external_id'] as const

/** The keys that are remembered: the hashed ones that the pixel's advanced matching knows. */
export const MATCH_KEYS = [...IDENTIFIERS, 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country'] as const

export type MatchKey = (typeof MATCH_KEYS)[number]

/** Nothing is remembered any more. */
export const FORGOTTEN: MatchData = {}

/**
 * Completes an event from what is remembered of its visitor: keys that it has itself stay as they are.
 *
 * @param draft with hashed data; `user_data` is exchanged when there is something to add
 * @returns what is to be remembered from now on; `undefined` when nothing has changed
 */
export function recall(draft: Draft, remembered: MatchData | undefined): MatchData | undefined {
  // Whoever limits the use of the data is not remembered, and what was known is forgotten.
  if (draft.opt_out === true || (draft.data_processing_options?.length ?? 0) > 0) {
    return remembered === undefined ? undefined : FORGOTTEN
  }
  const told = toldBy(draft.user_data)
  const newest = firstOf(told)
  if (remembered === undefined || !isSamePerson(told, remembered)) return newest
  draft.user_data = { ...draft.user_data, ...missing(told, remembered) }
  return newest && { ...remembered, ...newest }
}

type Told = Partial<Record<MatchKey, readonly string[]>>

/** A SHA-256; what Meta's own libraries append to it is theirs. */
const HASH = /^[0-9a-f]{64}(?=$|\.)/

function toldBy(userData: Readonly<Record<string, unknown>>): Told {
  const told: Told = {}
  for (const key of MATCH_KEYS) {
    const hashes = userData[key]
    if (Array.isArray(hashes)) told[key] = hashes.flatMap((hash: string) => HASH.exec(hash) ?? [])
  }
  return told
}

function firstOf(told: Told): MatchData | undefined {
  const first = MATCH_KEYS.flatMap((key) => (told[key]?.[0] === undefined ? [] : [[key, told[key][0]] as const]))
  return first.length === 0 ? undefined : Object.fromEntries(first)
}

/** Keys that an event has, even with a value that cannot be remembered, are its own. */
function missing(told: Told, remembered: MatchData): Record<string, string[]> {
  const entries = Object.entries(remembered).filter(([key]) => !(key in told))
  return Object.fromEntries(entries.map(([key, hash]) => [key, [hash]]))
}

/** One identifier that differs tells two people apart; one that is the same outweighs a new name or address; without any, all must agree. */
function isSamePerson(told: Told, remembered: MatchData): boolean {
  const agrees = (key: MatchKey): boolean | undefined => {
    const known = remembered[key]
    return told[key] === undefined || known === undefined ? undefined : told[key].includes(known)
  }
  const identifiers = IDENTIFIERS.map(agrees)
  if (identifiers.includes(false)) return false
  return identifiers.includes(true) || MATCH_KEYS.every((key) => agrees(key) !== false)
}
