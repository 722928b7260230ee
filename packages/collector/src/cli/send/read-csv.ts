import type { IncomingEvent } from '@pixel-mirror/common'
import { parse } from 'csv-parse/sync'
import { plural } from '../in-words.js'
import { columnFor, type Column } from './csv-columns.js'
import type { Line } from './file-lines.js'
import type { Order } from './order.js'

/** What is told of a file's first line. */
export interface Heading {
  /** Columns that mean nothing here. */
  unused: readonly string[]
  columns: readonly string[]
}

/** A quoted field may hold line breaks; one that never ends must not swallow the file. */
const MAX_LINES_OF_A_RECORD = 50

/**
 * One event a record; the first line names the columns (`csv-columns.ts`).
 *
 * What cannot be parsed costs its own line only: reading goes on with the next one.
 *
 * @param onHeading is told the columns before the first record
 * @param skipTo records up to this line were sent before: they are not worth parsing
 */
export async function* readCsv(
  lines: AsyncIterable<Line>,
  onHeading: (heading: Heading) => void,
  skipTo = 0,
): AsyncGenerator<Order> {
  const source = lines[Symbol.asyncIterator]()
  const ahead: Line[] = []
  const next = async (): Promise<Line | undefined> => {
    const line = ahead.shift()
    if (line) return line
    const result = await source.next()
    return result.done ? undefined : result.value
  }

  const first = await next()
  if (first === undefined) return
  const delimiter = delimiterOf(first.text)
  const headings = fields(first.text, delimiter) ?? []
  const columns = headings.map(columnFor)
  onHeading({ columns: headings, unused: headings.filter((_, index) => columns[index] === undefined) })

  for (let line = await next(); line !== undefined; line = await next()) {
    if (line.problem !== undefined) {
      yield { line: line.number, endByte: line.endByte, problem: line.problem }
      continue
    }
    if (line.text.trim() === '') continue
    const taken = [line]
    while (quoteIsOpen(taken) && taken.length < MAX_LINES_OF_A_RECORD) {
      const more = await next()
      if (more === undefined) break
      taken.push(more)
    }
    // Only a record of one line: where a longer one ends, only parsing can tell.
    if (line.number <= skipTo && taken.length === 1) continue
    const read = readRecord(taken.map(({ text }) => text).join('\n'), columns, delimiter)
    // A stray quote made one record of several lines: only the first of them is to blame.
    if ('problem' in read) ahead.unshift(...taken.splice(1))
    yield { line: line.number, endByte: taken.at(-1)?.endByte ?? line.endByte, ...read }
  }
}

/** A comma, or what spreadsheets write where the comma is in the numbers. */
function delimiterOf(heading: string): string {
  const often = (delimiter: string) => heading.split(delimiter).length
  return [',', ';', '\t'].reduce((best, candidate) => (often(candidate) > often(best) ? candidate : best))
}

function quoteIsOpen(lines: readonly Line[]): boolean {
  const quotes = lines.reduce((sum, { text }) => sum + text.split('"').length - 1, 0)
  return quotes % 2 === 1
}

/** The fields of one record; `undefined` when it is not well formed. */
function fields(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter)
  try {
    const records = parse(text, { delimiter, relax_column_count: true })
    return records.length === 1 ? records[0] : undefined
  } catch {
    return undefined
  }
}

function readRecord(
  text: string,
  columns: readonly (Column | undefined)[],
  delimiter: string,
): { event: IncomingEvent } | { problem: string } {
  const values = fields(text, delimiter)
  if (values === undefined) return { problem: 'has a quote in the wrong place' }
  if (values.length !== columns.length)
    return { problem: `has ${plural(values.length, 'field')} instead of ${columns.length}` }
  const event: Record<string, Record<string, unknown>> = { user_data: {}, custom_data: {} }
  for (const [index, column] of columns.entries()) {
    const given = values[index]?.trim() ?? ''
    if (column === undefined || given === '') continue
    const value = column.read(given, delimiter === ';')
    if (value === undefined) return { problem: `has a ${column.path.join('.')} that cannot be read` }
    const [parent, child] = column.path
    if (child === undefined) (event as Record<string, unknown>)[parent] = value
    else (event[parent] ??= {})[child] = value
  }
  return { event }
}
