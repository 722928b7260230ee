import { h, type Child } from '../element.js'

/** The heading of a view, and below it in one sentence what there is to know. */
export function heading(title: string, ...sentence: Child[]): HTMLElement {
  return h('div', { class: 'heading' }, h('h1', {}, title), h('p', { class: 'lede' }, ...sentence))
}

/** One number that matters, with its name and what it means. */
export function tile(label: string, value: Child, note?: Child, tone?: 'good' | 'warn' | 'bad'): HTMLElement {
  return h(
    'div',
    { class: `tile${tone ? ` ${tone}` : ''}` },
    h('dt', {}, label),
    h('dd', { class: 'figure' }, value),
    note !== undefined && note !== false && h('dd', { class: 'note' }, note),
  )
}

export function tiles(label: string, ...children: Child[]): HTMLElement {
  return h('dl', { class: 'tiles', 'aria-label': label }, ...children)
}

/** Nothing is there yet: says why, and what to do next. */
export function emptyState(title: string, ...steps: Child[]): HTMLElement {
  return h('section', { class: 'empty', 'data-key': 'empty-state' }, h('h2', {}, title), ...steps)
}

export interface Column<Row> {
  label: Child
  /** What the column is called where there is room for one line only. */
  name: string
  number?: boolean
  class?: string
  cell: (row: Row) => Child
}

/** A table with a caption; on a narrow screen each row stands alone, its cells named, with `pairs` two in a line. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  key: (row: Row) => string,
  look: { caption?: boolean; pairs?: boolean } = {},
): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      // On a narrow screen the stylesheet takes the table apart; the roles keep it one for screen readers.
      { class: `stacks${look.pairs ? ' pairs' : ''}`, role: 'table' },
      h('caption', { class: look.caption ? '' : 'unseen' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...columns.map((column) =>
            h('th', { role: 'columnheader', scope: 'col', class: classOf(column) }, column.label),
          ),
        ),
      ),
      h(
        'tbody',
        { role: 'rowgroup' },
        ...rows.map((row) =>
          h(
            'tr',
            { role: 'row', 'data-key': key(row) },
            ...columns.map((column, index) =>
              h(
                index === 0 ? 'th' : 'td',
                {
                  class: classOf(column),
                  'data-label': column.name,
                  ...(index === 0 ? { role: 'rowheader', scope: 'row' } : { role: 'cell' }),
                },
                column.cell(row),
              ),
            ),
          ),
        ),
      ),
    ),
  )
}

function classOf<Row>(column: Column<Row>): string | undefined {
  return [column.number && 'number', column.class].filter(Boolean).join(' ') || undefined
}
