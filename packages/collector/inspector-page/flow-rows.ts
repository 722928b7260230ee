import type { FlowRow } from '../src/inspector/api.js'
import type { News } from './view.js'

/** Rows, newest first, after some more came and some went on. */
export function withNews(rows: readonly FlowRow[], news: News | undefined): FlowRow[] {
  if (!news) return [...rows]
  const known = new Set(rows.map(({ id }) => id))
  const states = new Map(news.states.map(({ id, state }) => [id, state]))
  const more = news.rows.filter(({ id }) => !known.has(id)).reverse()
  return [...more, ...rows].map((row) => {
    const state = states.get(row.id)
    return state === undefined ? row : { ...row, state }
  })
}
