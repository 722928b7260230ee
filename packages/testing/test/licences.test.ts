import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../../scripts/list-licences.mjs', import.meta.url))

it('THIRD-PARTY-LICENSES.md lists what gets installed with each package, and all of it may be passed on', async () => {
  expect(await promisify(execFile)(process.execPath, [SCRIPT, '--check'])).toEqual({ stdout: '', stderr: '' })
})
