import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { runSandbox, SANDBOX_USAGE } from '../src/index.js'
import { listen } from '../src/http/listen.js'
import { pageView } from './sample.js'

function command(...argv: string[]) {
  const stop = new AbortController()
  const printed: string[] = []
  const complained: string[] = []
  let greeted: (text: string) => void
  const welcome = new Promise<string>((resolve) => (greeted = resolve))
  const exitCode = runSandbox(argv, {
    signal: stop.signal,
    print: (text) => {
      printed.push(text)
      greeted(text)
    },
    complain: (text) => complained.push(text),
  })
  return { exitCode, welcome, stop: () => stop.abort(), printed, complained }
}

describe('pixel-mirror-sandbox', () => {
  it('says where it is, works until it is stopped, and says what it saw', async () => {
    const run = command('--port', '0')
    const url = /What arrived: +(\S+)\//.exec(await run.welcome)?.[1]

    const body = JSON.stringify({ data: [{ ...pageView(), event_time: Math.floor(Date.now() / 1000) }] })
    const response = await fetch(`${url}/v26.0/42/events?access_token=x`, { method: 'POST', body })
    run.stop()

    expect(response.status).toBe(200)
    expect(await run.exitCode).toBe(0)
    expect(run.printed.at(-1)).toBe('Stopped. 1 events counted, 0 requests refused.\n')
    await expect(fetch(String(url))).rejects.toThrow()
  })

  it('knows only the pixels it was told, and keeps their tokens to itself', async () => {
    const run = command('--port', '0', '--pixel', '42:a:b', '--pixel', '43')
    const welcome = await run.welcome
    const url = /What arrived: +(\S+)\//.exec(welcome)?.[1]

    const send = (pixel: string, token: string) =>
      fetch(`${url}/v26.0/${pixel}/events?access_token=${token}`, { method: 'POST', body: '{}' }).then((r) => r.json())
    const answers = [await send('42', 'a:b'), await send('42', 'x'), await send('43', 'x'), await send('44', 'x')]
    run.stop()
    await run.exitCode

    const codes = answers.map((answer) => (answer as { error: { code: number; error_subcode?: number } }).error)
    expect(codes.map(({ code, error_subcode }) => [code, error_subcode])).toEqual([
      [100, undefined],
      [100, 33],
      [100, undefined],
      [100, 33],
    ])
    expect(welcome).toContain('42, 43')
    expect(welcome).not.toContain('a:b')
  })

  it('shows how it is used', async () => {
    const run = command('--help')

    expect(await run.exitCode).toBe(0)
    expect(run.printed.join('')).toBe(SANDBOX_USAGE)
  })

  it.each([
    ['--port', 'http'],
    ['--port', '65536'],
    ['--keep', 'everything'],
    ['--control', 'me'],
    ['--pixel', 'shop'],
    ['--unknown', ''],
    ['stray', ''],
  ])('refuses %s %s with 64 and a hint', async (...argv) => {
    const run = command(...argv)

    expect(await run.exitCode).toBe(64)
    expect(run.complained.join('')).toContain('--help')
    expect(run.printed).toEqual([])
  })

  it('says so when the port is taken', async () => {
    const other = createServer()
    const { port } = await listen(other, 0, '127.0.0.1')

    const run = command('--port', String(port))
    const exitCode = await run.exitCode
    other.close()

    expect(exitCode).toBe(1)
    expect(run.complained.join('')).toContain(`Port ${port} is taken`)
  })
})
