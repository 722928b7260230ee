import type { Logger } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SettingsError } from '../../src/errors.js'
import { createPixels } from '../../src/pixels.js'
import { startReloading } from '../../src/process/reload.js'
import { Secret } from '../../src/secret.js'

function reloading(everyMs = 60_000) {
  const file: { token: string; wrong?: string } = { token: 'old' }
  const read = () => {
    if (file.wrong !== undefined) throw new SettingsError([file.wrong])
    return [{ id: '1', accessToken: new Secret(file.token), allowedOrigins: [] }]
  }
  const pixels = createPixels(read(), read)
  const lines: object[] = []
  const write = (fields: object) => void lines.push(fields)
  const { now, stop } = startReloading(pixels, { info: write, error: write } as unknown as Logger, everyMs)
  onTestFinished(stop)
  return { file, lines, now, token: () => pixels.get('1')?.accessToken?.reveal() }
}

describe('startReloading()', () => {
  it('exchanges a token when told to, and says so', () => {
    const { file, lines, now, token } = reloading()

    file.token = 'new'
    now()

    expect(token()).toBe('new')
    expect(lines).toEqual([{ event: 'settings.reloaded', changed: true }])
  })

  it('exchanges a token by itself when its file has changed', async () => {
    const { file, token } = reloading(5)

    file.token = 'new'

    await expect.poll(token, { timeout: 15_000 }).toBe('new')
  })

  it('says nothing by itself while nothing changes', async () => {
    const { file, lines, token } = reloading(5)
    file.token = 'new'
    await expect.poll(token, { timeout: 15_000 }).toBe('new')

    file.token = 'newer'
    await expect.poll(token, { timeout: 15_000 }).toBe('newer')

    expect(lines).toHaveLength(2)
  })

  it('names wrong settings once, keeps those before, and goes on when they are mended', async () => {
    const { file, lines, token } = reloading(5)

    file.wrong = 'PORT must be a number'
    await expect.poll(() => lines, { timeout: 15_000 }).toHaveLength(1)
    expect(token()).toBe('old')
    Object.assign(file, { wrong: undefined, token: 'new' })

    await expect.poll(token, { timeout: 15_000 }).toBe('new')
    expect(lines).toEqual([
      { event: 'settings.refused', problems: ['PORT must be a number'] },
      { event: 'settings.reloaded', changed: true },
    ])
  })
})
