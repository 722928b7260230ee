import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { OTHERS, pathOf, read, SETTINGS } from './shipped.js'

const run = promisify(execFile)
const UNIT = 'deploy/systemd/pixel-mirror.service'
const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined

describe('the systemd unit', () => {
  it('sets variables that are settings', () => {
    const lines = [...read(UNIT).matchAll(/^Environment=(.*)$/gm)].map(([, line]) => line!)
    const names = lines.flatMap((line) => line.split(' ').map((pair) => pair.split('=', 1)[0]!))

    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !SETTINGS.has(name) && !OTHERS.has(name))).toEqual([])
  })

  it('reads as credential what it loads as credential', () => {
    const loaded = /^LoadCredential=([\w-]+):/m.exec(read(UNIT))?.[1]

    expect(read(UNIT)).toContain(`META_ACCESS_TOKEN_FILE=%d/${loaded}`)
  })

  it.skipIf(!hasSystemd)('is right by systemd itself (needs systemd-analyze)', async () => {
    expect(await run('systemd-analyze', ['verify', pathOf(UNIT)])).toEqual({ stdout: '', stderr: '' })
  })

  it.skipIf(!hasSystemd)('exposes little, by systemd’s own measure: 10 is all, 0 nothing', async () => {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--threshold=15', pathOf(UNIT)])

    expect(stdout).toMatch(/Overall exposure level for pixel-mirror\.service: 1\.\d OK/)
  })
})
