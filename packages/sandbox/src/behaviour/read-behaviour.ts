import { isObject } from '../rules/field-type.js'
import type { Behaviour, Manner } from './behaviour.js'

type Check = 'natural' | 'share' | 'percent' | 'status' | 'text' | 'truth'

const CHECKS: Record<Check, { passes: (value: unknown) => boolean; is: string }> = {
  natural: { passes: (value) => Number.isSafeInteger(value) && Number(value) >= 0, is: 'a whole number, 0 or more' },
  share: { passes: (value) => typeof value === 'number' && value >= 0 && value <= 1, is: 'a number from 0 to 1' },
  percent: { passes: (value) => typeof value === 'number' && value >= 0 && value <= 100, is: 'a number from 0 to 100' },
  status: {
    passes: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
    is: 'an HTTP status',
  },
  text: { passes: (value) => typeof value === 'string' && value !== '', is: 'a text' },
  truth: { passes: (value) => typeof value === 'boolean', is: 'true or false' },
}

const SCOPE: Record<string, Check> = { pixel_id: 'text', times: 'natural', probability: 'share', seed: 'natural' }

/** The fields of each kind; those that must be there end in an exclamation mark. */
export const MANNERS: Record<Manner['kind'], Record<string, Check>> = {
  latency: { 'ms!': 'natural', jitterMs: 'natural' },
  usage: { 'percent!': 'percent', regainMinutes: 'natural' },
  throttle: { code: 'natural', regainMinutes: 'natural', retryAfterS: 'natural', status: 'status' },
  server_error: { status: 'status', code: 'natural', taken: 'truth' },
  html: { status: 'status', taken: 'truth' },
  reset: { taken: 'truth' },
  hang: { taken: 'truth' },
  drip: { ms: 'natural', pieceBytes: 'natural' },
  half: {},
  bad_token: { subcode: 'natural' },
  wrong_pixel: {},
  permission: { code: 'natural' },
  deprecated_version: {},
  poison: { event_id: 'text', event_name: 'text', subcode: 'natural' },
  graph_error: {
    'code!': 'natural',
    subcode: 'natural',
    status: 'status',
    message: 'text',
    transient: 'truth',
    taken: 'truth',
  },
}

export type ReadBehaviour = { kind: 'read'; behaviour: Behaviour } | { kind: 'wrong'; issues: string[] }

/** Checks what came over the control API; names all that is wrong with it at once. */
export function readBehaviour(value: unknown): ReadBehaviour {
  if (!isObject(value)) return { kind: 'wrong', issues: ['a behaviour is an object with a kind'] }
  const kinds = Object.keys(MANNERS)
  const { kind } = value
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    return { kind: 'wrong', issues: [`kind must be one of: ${kinds.join(', ')}`] }
  }

  const fields = { ...SCOPE, ...MANNERS[kind as Manner['kind']] }
  const names = Object.keys(fields).map((field) => field.replace('!', ''))
  const issues = [
    ...Object.keys(value)
      .filter((name) => name !== 'kind' && !names.includes(name))
      .map((name) => `${name}: ${kind} knows only ${names.join(', ')}`),
    ...Object.entries(fields).flatMap(([field, check]) => {
      const name = field.replace('!', '')
      const given = value[name]
      const fine = given === undefined ? name === field : CHECKS[check].passes(given)
      return fine ? [] : [`${name}: must be ${CHECKS[check].is}`]
    }),
  ]
  return issues.length > 0 ? { kind: 'wrong', issues } : { kind: 'read', behaviour: value as unknown as Behaviour }
}
