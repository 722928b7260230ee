import type { Summary } from '../../src/inspector/api.js'
import { h, type Child } from '../element.js'
import { count, formatCount } from '../format.js'

/** The four stations of the way, with how many passed each. */
export function way({ total }: Summary): HTMLElement {
  const sum = (prefix: string): number =>
    Object.entries(total).reduce((all, [name, value]) => all + (name.startsWith(prefix) ? value : 0), 0)
  const { events = 0, rejected = 0, dropped = 0, delivered = 0, dead = 0, expired = 0 } = total
  const stations: { label: string; value: number; note: Child }[] = [
    {
      label: 'Received',
      value: events + rejected + dropped,
      note: leftOut(rejected, dropped),
    },
    { label: 'Enriched', value: events, note: count(sum('repair.'), 'repair', 'repairs') },
    { label: 'Sent', value: delivered + dead, note: count(total['attempts'] ?? 0, 'request', 'requests') },
    {
      label: 'Accepted',
      value: delivered,
      note: dead + expired > 0 ? count(dead + expired, 'dead letter', 'dead letters') : 'no dead letters',
    },
  ]
  return h(
    'ol',
    { class: 'way', 'aria-label': 'How many events passed each station' },
    ...stations.map(({ label, value, note }) =>
      h(
        'li',
        {},
        h('span', { class: 'label' }, label),
        h('b', {}, formatCount(value)),
        h('span', { class: 'note' }, note),
      ),
    ),
  )
}

function leftOut(refused: number, others: number): string {
  const parts = [refused > 0 && `${formatCount(refused)} refused`, others > 0 && `${formatCount(others)} left out`]
  return parts.filter(Boolean).join(', ') || 'none refused'
}
