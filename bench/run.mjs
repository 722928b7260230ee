/**
 * All benchmarks, one after the other, in one table.
 *
 *     pnpm bench [--only ingest,relay] [--json] [--write]
 *
 * Needs a build (`pnpm build`). Each benchmark runs in a process of its own, with its time limit; one that fails is a row of the table and does not
 * stop the others. `--write` puts the tables into `BENCHMARKS.md`, with the machine, the versions and the date; `--json` ends the output with all
 * reports on one line. Takes less than ten minutes on a quiet machine, and a busy one measures nothing.
 */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { BENCHES } from './benches.mjs'
import { machine } from './lib/machine.mjs'
import { exchange, markdown, readReport, rowsOf, summary, textTable } from './lib/results.mjs'

const PAGE = new URL('../BENCHMARKS.md', import.meta.url)

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

async function main() {
  const wanted = values.only?.split(',')
  const benches = BENCHES.filter(({ name }) => wanted === undefined || wanted.includes(name))
  const taken = machine()
  const [load] = loadavg()
  console.log(Object.values(taken).join(', '))
  if (load > 0.5)
    console.log(`The machine is not quiet (load ${load.toFixed(1)}): look at ratios only, and trust no row much.`)

  const results = []
  for (const bench of benches) {
    const startedAtMs = performance.now()
    const outcome = await run(bench)
    results.push({ bench: bench.name, title: bench.title, command: commandOf(bench), outcome })
    console.log(`\n${bench.name}: ${Math.round((performance.now() - startedAtMs) / 1000)} s`)
    for (const { what } of rowsOf(results.at(-1)).filter((row) => row.failed)) console.log(what)
  }
  console.log(`\n${textTable(results)}\n\n${summary(results)}`)
  if (values.write) await write(results, taken)
  if (values.json) console.log(JSON.stringify({ machine: taken, results }))
  process.exitCode = results.some(({ outcome }) => outcome.kind !== 'report') ? 1 : 0
}

const commandOf = ({ name, args }) => ['node', `bench/${name}.mjs`, ...args].join(' ')

/** Runs one benchmark and reads its report. What it prints for people goes through. */
function run({ name, args, limitS }) {
  const file = new URL(`./${name}.mjs`, import.meta.url).pathname
  // A group of its own, so that nothing it started outlives it.
  const child = spawn(process.execPath, [file, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let output = ''
  let late = false
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const limit = setTimeout(() => {
    late = true
    endGroup(child.pid)
  }, limitS * 1000)
  const stop = () => {
    endGroup(child.pid)
    process.exit(1)
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'broken', why: error.message }))
    child.once('exit', (code, signal) => {
      clearTimeout(limit)
      process.off('SIGINT', stop).off('SIGTERM', stop)
      endGroup(child.pid)
      const report = readReport(output)
      if (late) resolve({ kind: 'broken', why: `not done after ${limitS} s` })
      else if (report.kind === 'report') resolve(report)
      else resolve({ kind: 'broken', why: `exit ${signal ?? code}; ${report.why}` })
    })
  })
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Nobody is left.
    if (error.code !== 'ESRCH') throw error
  }
}

async function write(results, taken) {
  const lines = [
    `Taken on ${taken.date} at commit \`${taken.commit}\`: ${taken.processor}, ${taken.memory}, ${taken.system}, Node ${taken.node}. ${summary(results)}`,
    '',
    markdown(results),
  ]
  const page = exchange(await readFile(PAGE, 'utf8'), 'bench', lines.join('\n'))
  await writeFile(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
  console.log('BENCHMARKS.md holds these tables now.')
}

await main()
