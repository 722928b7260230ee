/**
 * One call of `fbq`, read the way `fbevents.js` reads it, and given an event id where it has none.
 *
 * Nothing of the caller's is changed: where an id is added, it is added to a copy.
 */
import { newEventId } from '../event-id.js'

export interface Command {
  /** What the pixel is to receive: the caller's own arguments, with an event id in an event's options. */
  _args: unknown[]
  /** Set when the call is an event. */
  _event?: FbqEvent | undefined
}

export interface FbqEvent {
  /** The one pixel of a `trackSingle…`; every pixel when undefined. */
  _pixelId: string | undefined
  _name: string
  _data: unknown
  _id: string
}

/** Reads a call's arguments. Throws only when they are hostile, which the caller answers by passing them on untouched. */
export function readCommand(raw: ArrayLike<unknown>, makeId = newEventId): Command {
  let args = Array.from(raw)
  // Old forms: `_fbq.push(['track', 'Lead'])` and `fbq('reportLead')`.
  if (args.length === 1 && Array.isArray(args[0])) args = Array.from(args[0])
  const old = /^report(?!Custom)([A-Z]\w*)/.exec(args[0] as string)
  if (old) args.splice(0, 1, 'track', old[1])

  const verb = /^track(Single)?(Custom)?$/.exec(args[0] as string)
  if (!verb) return { _args: args }
  const at = verb[1] ? 2 : 1
  const name = args[at]
  // A number is the name of a conversion pixel of 2014, which has no server copy.
  if (!name || typeof name !== 'string') return { _args: args }

  const options = args[at + 2]
  const given = eventIdIn(options)
  const id = given ? String(given) : makeId()
  if (!given || typeof options !== 'object') {
    args[at + 2] = { ...(typeof options === 'object' ? options : {}), eventID: id }
  }
  return {
    _args: args,
    _event: { _pixelId: verb[1] && String(args[1]), _name: name, _data: args[at + 1], _id: id },
  }
}

/** The id in an event's options: `eventID` or `event_id`, also one inside the other. A bare string is meant as one, too. */
function eventIdIn(options: unknown): string | number | undefined {
  if (typeof options === 'string' || typeof options === 'number') return options
  if (!options || typeof options !== 'object') return undefined
  const { eventID, event_id } = options as Record<string, unknown>
  return eventIdIn(eventID ?? event_id)
}
