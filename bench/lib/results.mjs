/**
 * What the benchmarks report, and how it is shown. Nothing here touches the world.
 *
 * With `--json` the last line that a benchmark prints is a report: `{ name, rows: [{ what, value, unit, aim?, reached? }] }`. `aim` is in words or a
 * number; `reached` is for the benchmark to say, as only it knows which way is better.
 */

/** @returns the report in what a benchmark printed, or what is wrong with it */
export function readReport(output) {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  try {
    const { name, rows } = JSON.parse(line)
    if (typeof name === 'string' && Array.isArray(rows) && rows.length > 0) return { kind: 'report', name, rows }
  } catch {
    // Said below, with the line.
  }
  return { kind: 'broken', why: line === '' ? 'printed nothing' : `ended with no report but: ${line.slice(0, 120)}` }
}

/** What became of one benchmark, as rows for the table: one that failed is a row too. */
export function rowsOf({ bench, outcome }) {
  if (outcome.kind === 'report') return outcome.rows.map((row) => ({ bench, ...row }))
  return [{ bench, what: `FAILED: ${outcome.why}`, failed: true }]
}

const HEAD = ['', 'what', 'measured', 'aim', 'reached']

/** The one table of all benchmarks, for a terminal. */
export function textTable(results) {
  const lines = [HEAD, ...results.flatMap(rowsOf).map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const draw = (line) =>
    line
      .map((cell, column) => (column === 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd()
  return [draw(lines[0]), widths.map((width) => '─'.repeat(width)).join('  '), ...lines.slice(1).map(draw)].join('\n')
}

/** A section of `BENCHMARKS.md` per benchmark, each with the command that made it. */
export function markdown(results) {
  return results
    .map((result) => {
      const lines = rowsOf(result).map((row) => `| ${cells(row).slice(1).map(escaped).join(' | ')} |`)
      const head = ['| What | Measured | Aim | Reached |', '| --- | ---: | --- | --- |']
      return [`### ${result.title}`, '', `\`${result.command}\``, '', ...head, ...lines].join('\n')
    })
    .join('\n\n')
}

function cells({ bench, what, value, unit, aim, reached, failed }) {
  const measured = failed ? '' : [inDigits(value), unit].filter((part) => part !== undefined && part !== '').join(' ')
  return [bench, what, measured, aim === undefined ? '' : String(aim), said(reached, failed)]
}

function said(reached, failed) {
  if (failed) return 'no'
  return reached === undefined ? '' : reached ? 'yes' : 'no'
}

/** As many digits as say something. */
export function inDigits(value) {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value === null ? 'unknown' : String(value)
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : Math.abs(value) >= 1 ? value.toFixed(2) : value.toFixed(3)
}

const escaped = (cell) => cell.replaceAll('|', '\\|')

const counted = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`

/** How many aims were reached, and how many benchmarks failed, in a sentence. */
export function summary(results) {
  const rows = results.flatMap(rowsOf)
  const aimed = rows.filter(({ reached }) => reached !== undefined)
  const missed = aimed.filter(({ reached }) => !reached).length
  const failed = rows.filter((row) => row.failed).length
  const aims = `${aimed.length - missed} of ${counted(aimed.length, 'aim')} reached`
  return failed === 0 ? `${aims}.` : `${aims}; ${counted(failed, 'benchmark')} failed.`
}

/** The text with what stands between two marks exchanged: all else in the file is written by hand. */
export function exchange(text, mark, content) {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`There is no ${begin} … ${end}.`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}
