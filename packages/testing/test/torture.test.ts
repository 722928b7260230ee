import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const RACK = fileURLToPath(new URL('../../../bench/torture.mjs', import.meta.url))

it('loses nothing that was acknowledged while the collector is killed, frozen and restarted and Meta fails in every way (short form)', async () => {
  // It exits with 1, and so rejects, when an acknowledged event was lost, a bad one reached Meta, or the books do not balance.
  const { stdout } = await promisify(execFile)(process.execPath, [RACK, '--seconds', '15'], { timeout: 200_000 })

  console.log(stdout)
  expect(stdout).toMatch(/lost\s+│ 0/)
}, 220_000)
