import { h, svg, withStyle } from '../element.js'
import { formatClock, formatDay, formatHour } from '../format.js'

/**
 * Charts over time: stacked columns for amounts, lines for levels.
 *
 * Made by hand in SVG: colours come from the stylesheet, so that dark mode needs no drawing again; text stays text; and every
 * chart has its numbers beside it as a table, for those who read rather than look.
 */
export interface ChartData {
  /** Names the chart on the page. */
  key: string
  title: string
  /** One sentence: what the chart shows. Read out in place of the picture. */
  summary: string
  kind: 'columns' | 'lines'
  fromMs: number
  toMs: number
  stepMs: number
  series: readonly Series[]
  format: (value: number) => string
  /** Said in place of an empty picture. */
  empty: string
}

export interface Series {
  label: string
  /** Its colour in the stylesheet: `ink-blocked`. */
  ink: string
  /** The value of each point, by its time; what is missing is 0 in columns and a gap in lines. */
  values: ReadonlyMap<number, number>
}

/** Points of time, oldest first. */
const timesOf = ({ fromMs, toMs, stepMs }: Pick<ChartData, 'fromMs' | 'toMs' | 'stepMs'>): number[] =>
  Array.from({ length: Math.max(1, Math.round((toMs - fromMs) / stepMs)) }, (_, index) => fromMs + index * stepMs)

const HEIGHT = 100

export function chart(data: ChartData): HTMLElement {
  const times = timesOf(data)
  const top = roundTop(highest(data, times))
  const nothing = data.series.every(({ values }) => [...values.values()].every((value) => value === 0))
  return h(
    'figure',
    { class: 'chart', 'data-key': `chart-${data.key}` },
    h('figcaption', {}, h('h2', {}, data.title), legend(data.series)),
    nothing
      ? h('p', { class: 'chart-empty', 'data-key': 'empty' }, data.empty)
      : h(
          'div',
          { class: 'plot', 'data-key': 'plot', 'data-chart': data.key },
          h(
            'div',
            { class: 'y-axis', 'aria-hidden': 'true' },
            ...ticks(top).map((value) => yLabel(value, top, data.format)),
          ),
          h(
            'div',
            { class: 'canvas' },
            picture(data, times, top),
            h('div', { class: 'tip', 'data-own': true, hidden: true }),
          ),
          h('div', { class: 'x-axis', 'aria-hidden': 'true' }, ...xLabels(data, times)),
        ),
    !nothing && numbers(data, times),
  )
}

function picture(data: ChartData, times: readonly number[], top: number): SVGElement {
  return svg(
    'svg',
    {
      viewBox: `0 0 ${times.length} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': `${data.title}. ${data.summary}`,
      focusable: 'false',
    },
    ...ticks(top).map((value) => {
      const y = yOf(value, top)
      return svg('line', { class: 'grid', x1: 0, x2: times.length, y1: y, y2: y })
    }),
    ...(data.kind === 'columns'
      ? columns(data, times, top)
      : data.series.flatMap((series) => line(series, times, top))),
  )
}

function columns({ series }: ChartData, times: readonly number[], top: number): SVGElement[] {
  return times.flatMap((time, index) => {
    let bottom = 0
    return series.flatMap(({ ink, values }) => {
      const value = values.get(time) ?? 0
      if (value === 0) return []
      const y = yOf(bottom + value, top)
      const height = Math.max(0.8, yOf(bottom, top) - y)
      bottom += value
      return [svg('rect', { class: ink, x: index + 0.11, width: 0.78, y, height })]
    })
  })
}

function line({ ink, values }: Series, times: readonly number[], top: number): SVGElement[] {
  let path = ''
  let dots = ''
  let drawing = false
  times.forEach((time, index) => {
    const value = values.get(time)
    if (value === undefined) {
      drawing = false
      return
    }
    const point = `${index + 0.5} ${yOf(value, top)}`
    // A point alone is no line. One of nearly no length has the round ends that make it a dot.
    if (!drawing && values.get(times[index + 1] ?? NaN) === undefined) dots += `M${point}h0.01`
    else path += `${drawing ? 'L' : 'M'}${point}`
    drawing = true
  })
  return [
    svg('path', { class: `line ${ink}`, d: path || 'M0 0' }),
    svg('path', { class: `line dot ${ink}`, d: dots || 'M0 0' }),
  ]
}

const yOf = (value: number, top: number): number => Math.round((HEIGHT - (value / top) * HEIGHT) * 100) / 100

function highest({ kind, series }: ChartData, times: readonly number[]): number {
  const sums = times.map((time) =>
    kind === 'columns'
      ? series.reduce((sum, { values }) => sum + (values.get(time) ?? 0), 0)
      : Math.max(0, ...series.map(({ values }) => values.get(time) ?? 0)),
  )
  return Math.max(...sums, 0)
}

/** The next round number: few digits, and not much more. */
function roundTop(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 3, 4, 5, 6, 8, 10].find((step) => value <= step * power) ?? 10) * power
}

/** Nobody counts half events. */
const ticks = (top: number): number[] => (top < 10 && top % 2 === 1 ? [0, top] : [0, top / 2, top])

function yLabel(value: number, top: number, format: (value: number) => string): HTMLElement {
  return withStyle(h('span', {}, value === 0 ? '0' : format(value)), { top: `${100 - (100 * value) / top}%` })
}

/** About five, at the left edge of their column. */
function xLabels({ stepMs }: ChartData, times: readonly number[]): HTMLElement[] {
  const every = Math.ceil(times.length / 5)
  return times.flatMap((time, index) => {
    if (index % every !== 0) return []
    const label = stepMs >= 43_200_000 ? formatDay(time) : stepMs > 3_600_000 ? dayAndHour(time) : formatHour(time)
    return [withStyle(h('span', {}, label), { left: `${(100 * index) / times.length}%` })]
  })
}

const dayAndHour = (time: number): string =>
  new Date(time).getHours() === 0 ? formatDay(time) : `${formatDay(time)} ${formatHour(time)}`

/** When a column was, in full. */
function columnTitle(time: number, stepMs: number): string {
  if (stepMs >= 86_400_000) return formatDay(time)
  const clock = stepMs < 60_000 ? formatClock(time) : formatHour(time)
  return `${formatDay(time)}, ${clock} – ${formatHour(time + stepMs)}`
}

function legend(series: readonly Pick<Series, 'label' | 'ink'>[]): HTMLElement | false {
  if (series.length < 2) return false
  return h(
    'ul',
    { class: 'legend' },
    ...series.map(({ label, ink }) => h('li', {}, h('span', { class: `swatch ${ink}`, 'aria-hidden': 'true' }), label)),
  )
}

function numbers(data: ChartData, times: readonly number[]): HTMLElement {
  const filled = times.filter((time) => data.series.some(({ values }) => values.get(time)))
  return h(
    'details',
    { class: 'numbers', 'data-key': 'numbers' },
    h('summary', {}, 'Numbers'),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${data.title}: numbers` },
      h(
        'table',
        {},
        h('caption', { class: 'unseen' }, data.summary),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, 'Time'),
            ...data.series.map(({ label }) => h('th', { scope: 'col', class: 'number' }, label)),
          ),
        ),
        h(
          'tbody',
          {},
          ...filled
            .slice()
            .reverse()
            .map((time) =>
              h(
                'tr',
                { 'data-key': time },
                h('th', { scope: 'row' }, columnTitle(time, data.stepMs)),
                ...data.series.map(({ values }) => {
                  const value = values.get(time)
                  return h('td', { class: 'number' }, value === undefined ? '–' : data.format(value))
                }),
              ),
            ),
        ),
      ),
    ),
  )
}

/** Shows the numbers of the column under the pointer. One listener for all charts; `find` knows their data by key. */
export function followPointer(root: HTMLElement, find: (key: string) => ChartData | undefined): void {
  let shown: HTMLElement | undefined

  const hide = (): void => {
    if (shown) shown.hidden = true
    shown = undefined
  }

  root.addEventListener('pointerleave', hide)
  root.addEventListener('pointermove', (event) => {
    const plot = event.target instanceof Element ? event.target.closest<HTMLElement>('.plot') : null
    const data = find(plot?.dataset['chart'] ?? '')
    const canvas = plot?.querySelector<HTMLElement>('.canvas')
    const tip = plot?.querySelector<HTMLElement>('.tip')
    if (!data || !canvas || !tip) return hide()
    const box = canvas.getBoundingClientRect()
    const times = timesOf(data)
    const index = Math.floor(((event.clientX - box.left) / box.width) * times.length)
    const time = times[index]
    if (time === undefined) return hide()
    if (shown && shown !== tip) hide()
    shown = tip
    tip.hidden = false
    tip.replaceChildren(
      h('strong', {}, columnTitle(time, data.stepMs)),
      ...data.series.map(({ label, ink, values }) =>
        h(
          'span',
          {},
          h('i', { class: `swatch ${ink}` }),
          `${label} `,
          h('b', {}, values.has(time) ? data.format(values.get(time) ?? 0) : data.kind === 'columns' ? '0' : '–'),
        ),
      ),
    )
    const at = (index + 0.5) / times.length
    tip.classList.toggle('left', at > 0.5)
    tip.style.setProperty('left', `${100 * at}%`)
  })
}
