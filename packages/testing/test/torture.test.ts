import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const RACK = fileURLToPath(new URL('../../../bench/torture.mjs', import.meta.url))

it('loses nothing that was acknowledged while the collector is killed and frozen, the power, the disk, the clock and the network fail, and Meta in every way (short form)', async () => {
  // It exits with 1, and so rejects, when an acknowledged event was lost, a bad one reached Meta, or the books do not balance.
  // What cannot be tried on this machine it names in a line of its own.
  const { stdout } = await promisify(execFile)(process.execPath, [RACK, '--seconds', '15'], { timeout: 300_000 })

  console.log(stdout)
  expect(stdout).toMatch(/lost\s+│ 0/)
}, 320_000)
