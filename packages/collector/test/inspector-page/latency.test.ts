import { expect, it } from 'vitest'
import { latencyAt } from '../../inspector-page/latency.js'

it('estimates a latency within its class', () => {
  const counts = { 'latency.100': 50, 'latency.200': 50, events: 7 }

  expect(latencyAt(counts, 0.25)).toBe(50)
  expect(latencyAt(counts, 0.5)).toBe(100)
  expect(latencyAt(counts, 0.95)).toBeCloseTo(190)
})

it('knows of the slowest only that they took longer than the last bound', () => {
  expect(latencyAt({ 'latency.10000': 1, 'latency.more': 9 }, 0.95)).toBe(10_000)
})

it('knows nothing without requests', () => {
  expect(latencyAt({ events: 3 }, 0.5)).toBeUndefined()
})
