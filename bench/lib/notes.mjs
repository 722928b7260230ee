/**
 * The rows of a benchmark's report: noted as they are measured, and printed as the last line for whoever asked with `--json`.
 *
 * @param {string} name of the benchmark
 */
export function notes(name) {
  const rows = []
  return {
    /** @param {{ aim: string, reached: boolean } | { atLeast: number } | { atMost: number }} [aim] */
    note(what, value, unit, aim) {
      rows.push({ what, value: Number(value.toFixed(4)), unit, ...reaching(value, aim) })
    },
    /** Prints what was noted for people, one row a line. */
    print() {
      for (const { what, value, unit, aim, reached } of rows) {
        const verdict = aim === undefined ? '' : `  ${reached ? 'reached' : 'MISSED'} (${aim})`
        console.log(
          `${what.padEnd(64)} ${Number(value.toFixed(2)).toLocaleString('en').padStart(12)} ${unit}${verdict}`,
        )
      }
    },
    report: () => console.log(JSON.stringify({ name, rows })),
  }
}

function reaching(value, aim) {
  if (aim?.atLeast !== undefined) return { aim: `≥ ${aim.atLeast}`, reached: value >= aim.atLeast }
  if (aim?.atMost !== undefined) return { aim: `≤ ${aim.atMost}`, reached: value <= aim.atMost }
  return aim
}
