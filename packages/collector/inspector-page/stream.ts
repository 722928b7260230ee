import type { News } from './view.js'

export type StreamState = 'connecting' | 'open' | 'lost' | 'resting'

const TRY_AGAIN_MS = 5_000

/**
 * Follows what happens, by server-sent events. Rests while nobody looks at the page.
 *
 * @param onState told what became of the connection
 */
export function openStream(onNews: (news: News) => void, onState: (state: StreamState) => void): void {
  let source: EventSource | undefined

  function connect(): void {
    if (document.visibilityState === 'hidden') return
    source?.close()
    source = new EventSource('api/stream')
    source.addEventListener('open', () => onState('open'))
    source.addEventListener('error', () => {
      onState('lost')
      // The browser tries again by itself, except after an answer that is no stream.
      if (source?.readyState === EventSource.CLOSED) setTimeout(connect, TRY_AGAIN_MS)
    })
    source.addEventListener('flow', (event: MessageEvent<string>) => onNews(JSON.parse(event.data) as News))
  }

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') {
      source?.close()
      source = undefined
      onState('resting')
    } else if (!source) {
      connect()
    }
  })
  connect()
}
