/**
 * The pixel's own automatic events (button clicks, page data, page views it makes itself): they pass no `fbq`, and carry no id.
 *
 * Where the library's internals allow it, they get an id just before they leave and are mirrored as they leave. Both internal
 * events must be there, or there would be ids without copies; nothing else of the tracker needs them.
 */
import { newEventId } from '../event-id.js'
import { recordEvent } from '../events.js'
import { attempt } from '../report.js'
import { snapshot } from '../snapshot.js'
import type { Fbq } from './fbq.js'

interface Params {
  get: (name: string) => string | null
  append: (name: string, value: string) => void
}

interface Internals {
  setEventId: { listen: (listener: (pixelId: string, params: Params) => void) => void }
  listen: (
    listener: (event: { id: string; eventName: string; customData: unknown; customParams: Params }) => void,
  ) => void
}

/** Other versions have other internals: then this fails, and that is that. */
export const listenToAutomaticEvents = ({ getFbeventsModules }: Fbq): void => {
  const internals = getFbeventsModules as (name: string) => Internals
  const sending = internals('SignalsFBEventsSendEventEvent')
  const { setEventId } = internals('SignalsFBEventsEvents')
  const ids: Record<string, boolean> = {}
  // A plugin may hold an event back and send it again: only the first time counts. Returning anything true would suppress it.
  sending.listen(({ id, eventName, customData, customParams }) => {
    attempt(() => {
      const eventId = customParams.get('eid')!
      if (!ids[eventId]) return
      ids[eventId] = false
      recordEvent(`${id}`, eventName, snapshot(customData), eventId)
    })
  })
  setEventId.listen((_pixelId, params) => {
    const id = newEventId()
    ids[id] = true
    params.append('eid', id)
  })
}
