import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Builds the tracker's script and prints it, in place of writing it. */
const BUILD = `
  Promise.all([import('rollup'), import('./rollup.config.mjs')]).then(async ([{ rollup }, { default: configs }]) => {
    const config = configs.find(({ output }) => output.file?.endsWith('tracker.js'))
    const { output } = await (await rollup(config)).generate(config.output)
    process.stdout.write(output[0].code)
  })`

it('the tracker’s script is the same, byte for byte, whenever and wherever it is built: its integrity hash can be checked', async () => {
  const { stdout } = await run(process.execPath, ['-e', BUILD], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TZ: 'Pacific/Auckland', LANG: 'tr_TR.UTF-8' },
  })

  expect(stdout).toBe(await readFile(join(ROOT, 'packages/tracker/dist/tracker.js'), 'utf8'))
})
