import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../../src/metrics/metrics.js'
import { createPixels } from '../../src/pixels.js'
import { memoryQueue } from '../../src/queue/memory-queue.js'

const read = (file: string) => readFileSync(new URL(`../../../../deploy/${file}`, import.meta.url), 'utf8')

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string }
}
const rules = (parse(read('prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

interface Panel {
  title: string
  type: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string }[]
}
const dashboard = JSON.parse(read('grafana/pixel-mirror.json')) as {
  panels: Panel[]
  templating: { list: { name: string; query: { query: string } | string }[] }
  annotations: { list: { expr: string }[] }
}
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...dashboard.annotations.list.map(({ expr }) => ['annotation', expr] as const),
]

/** Labels that Prometheus adds itself. */
const ADDED = ['instance', 'job', 'le']

const { registry } = createMetrics({ queue: memoryQueue(), pixels: createPixels([]), version: '0' })
const labelsOf = new Map(
  registry.getMetricsAsArray().map((metric) => {
    const { labelNames } = metric as unknown as { labelNames: readonly string[] }
    return [metric.name, [...labelNames, ...ADDED]]
  }),
)

/** The metrics of an expression, each with the labels that are asked of it. */
function metricsIn(expr: string): { metric: string; labels: string[] }[] {
  return [...expr.matchAll(/\b((?:pixel_mirror|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      metric: labelsOf.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''),
      labels: [...selector.matchAll(/([a-z_]+)(?==|!|~)/g)].map(([, label = '']) => label),
    }),
  )
}

function check(expr: string): void {
  const used = metricsIn(expr)
  expect(used, expr).not.toEqual([])
  for (const { metric, labels } of used) {
    expect([...labelsOf.keys()]).toContain(metric)
    for (const label of labels) expect(labelsOf.get(metric), `${metric} in ${expr}`).toContain(label)
  }
  const grouped = [...expr.matchAll(/\b(?:by|ignoring) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/))
  const known = used.flatMap(({ metric }) => labelsOf.get(metric) ?? [])
  for (const label of grouped) expect(known, expr).toContain(label)
  expect(expr.split('(').length, expr).toBe(expr.split(')').length)
}

describe('deploy/prometheus/alerts.yml', () => {
  it.each(rules.map((rule) => [rule.alert, rule.expr]))('asks only for metrics that exist: %s', (_, expr) => {
    check(expr)
  })

  it.each(rules.map((rule) => [rule.alert, rule]))('says how bad it is and what to do: %s', (_, rule) => {
    expect(['page', 'ticket']).toContain(rule.labels.severity)
    expect(rule.annotations.summary).toBeTruthy()
    expect(rule.annotations.description.length).toBeGreaterThan(30)
  })

  it('names each rule once', () => {
    const names = rules.map(({ alert }) => alert)

    expect(new Set(names).size).toBe(names.length)
  })
})

describe('deploy/grafana/pixel-mirror.json', () => {
  it.each(queries)('asks only for metrics that exist: %s, %s', (_, expr) => {
    check(expr)
  })

  it('offers choices from metrics that exist', () => {
    for (const { query } of dashboard.templating.list) {
      if (typeof query !== 'string') check(query.query.replace(/label_values\((.*), \w+\)/, '$1'))
    }
  })

  it('shows every metric of its own, but for what runs and what is counted twice', () => {
    const shown = new Set(queries.flatMap(([, expr]) => metricsIn(expr).map(({ metric }) => metric)))
    const own = [...labelsOf.keys()].filter((name) => name.startsWith('pixel_mirror_'))

    expect(own.filter((name) => !shown.has(name)).sort()).toEqual([
      'pixel_mirror_books_replayed_events_total',
      'pixel_mirror_build_info',
    ])
  })

  it('has no panel that lies on another', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    )

    expect(new Set(cells).size).toBe(cells.length)
  })
})
