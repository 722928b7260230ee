import { describe, expect, it } from 'vitest'
import { exchange, inDigits, markdown, readReport, rowsOf, summary, textTable } from '../lib/results.mjs'

const report = (rows) => ({ kind: 'report', name: 'ingest', rows })
const result = (outcome) => ({ bench: 'ingest', title: 'Durable ingest', command: 'node bench/ingest.mjs', outcome })
const RATIO = { what: 'beside bare', value: 0.6123, unit: '×', aim: 'at least 0.55', reached: true }
const LATENCY = { what: 'answer p99', value: 12.34, unit: 'ms', aim: 'under 10', reached: false }
const PLAIN = { what: 'requests', value: 12_345.6, unit: '/s' }

describe('readReport()', () => {
  it('takes the last line, whatever was printed before', () => {
    const output = `some table\n{"not": "this"}\n${JSON.stringify({ name: 'ingest', rows: [RATIO] })}\n`

    expect(readReport(output)).toEqual(report([RATIO]))
  })

  it.each([
    ['nothing at all', '', 'printed nothing'],
    ['a last line that is not JSON', 'Error: no build\n', 'ended with no report but: Error: no build'],
    ['JSON that is no report', '{"rows": []}', 'ended with no report but: {"rows": []}'],
    [
      'a report without rows',
      '{"name": "ingest", "rows": []}',
      'ended with no report but: {"name": "ingest", "rows": []}',
    ],
  ])('says what is wrong with %s', (_, output, why) => {
    expect(readReport(output)).toEqual({ kind: 'broken', why })
  })
})

describe('the table', () => {
  it('has a row for each number, with its aim and whether it was reached', () => {
    const lines = textTable([result(report([RATIO, LATENCY, PLAIN]))]).split('\n')

    expect(lines).toHaveLength(5)
    expect(lines[2]).toMatch(/^ingest {2}beside bare +0\.612 × {2}at least 0\.55 {2}yes$/)
    expect(lines[3]).toMatch(/^ingest {2}answer p99 +12\.3 ms {2}under 10 +no$/)
    expect(lines[4]).toMatch(/^ingest {2}requests +12,346 \/s$/)
  })

  it('shows a benchmark that failed as a row between the others', () => {
    const broken = { ...result({ kind: 'broken', why: 'exit 1; printed nothing' }), bench: 'relay' }
    const lines = textTable([result(report([RATIO])), broken, result(report([PLAIN]))]).split('\n')

    expect(lines[3]).toMatch(/^relay +FAILED: exit 1; printed nothing/)
    expect(lines[4]).toMatch(/^ingest +requests/)
  })

  it('is a section of Markdown for each benchmark, with its command', () => {
    const text = markdown([result(report([{ ...RATIO, what: 'a | b' }]))])

    expect(text).toBe(
      [
        '### Durable ingest',
        '',
        '`node bench/ingest.mjs`',
        '',
        '| What | Measured | Aim | Reached |',
        '| --- | ---: | --- | --- |',
        '| a \\| b | 0.612 × | at least 0.55 | yes |',
      ].join('\n'),
    )
  })
})

describe('summary()', () => {
  it.each([
    ['1 of 2 aims reached.', [report([RATIO, LATENCY, PLAIN])]],
    ['1 of 1 aim reached; 1 benchmark failed.', [report([RATIO]), { kind: 'broken', why: 'late' }]],
  ])('says: %s', (sentence, outcomes) => {
    expect(summary(outcomes.map(result))).toBe(sentence)
  })
})

it.each([
  [0.04567, '0.046'],
  [3.14159, '3.14'],
  [42.42, '42.4'],
  [512.7, '513'],
  [1_234_567.8, '1,234,568'],
  [7, '7'],
  [null, 'unknown'],
  ['flat', 'flat'],
])('writes %s with as many digits as say something', (value, text) => {
  expect(inDigits(value)).toBe(text)
})

it('gives a failed benchmark neither number nor aim', () => {
  expect(rowsOf(result({ kind: 'broken', why: 'late' }))).toEqual([
    { bench: 'ingest', what: 'FAILED: late', failed: true },
  ])
})

describe('exchange()', () => {
  const page = 'Before.\n\n<!-- bench -->\n\nold\n\n<!-- /bench -->\n\nAfter.\n'

  it('writes between the marks and leaves all else alone', () => {
    expect(exchange(page, 'bench', 'new')).toBe(page.replace('old', 'new'))
  })

  it('gives the same again when done twice', () => {
    expect(exchange(exchange(page, 'bench', 'new'), 'bench', 'new')).toBe(exchange(page, 'bench', 'new'))
  })

  it('refuses a page without the marks', () => {
    expect(() => exchange('nothing', 'bench', 'new')).toThrow('There is no <!-- bench -->')
  })
})
