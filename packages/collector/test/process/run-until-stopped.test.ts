import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { runUntilStopped } from '../../src/process/run-until-stopped.js'

function setUp(stop: () => Promise<void> = () => Promise.resolve()) {
  const events = new EventEmitter()
  const lines: object[] = []
  const calls: string[] = []
  const write = (fields: object) => void lines.push(fields)
  const ended = runUntilStopped(
    {
      stop: () => {
        calls.push('stop')
        return stop()
      },
      reload: () => calls.push('reload'),
      log: { info: write, fatal: write } as never,
    },
    events,
  )
  return { events, ended, lines, calls }
}

describe('runUntilStopped()', () => {
  it.each(['SIGTERM', 'SIGINT'])('stops at %s and ends with 0', async (signal) => {
    const { events, ended, calls } = setUp()

    events.emit(signal, signal)

    expect(await ended).toBe(0)
    expect(calls).toEqual(['stop'])
    expect(events.eventNames()).toEqual([])
  })

  it('reads the settings again at SIGHUP, as often as it comes', () => {
    const { events, calls } = setUp()

    events.emit('SIGHUP')
    events.emit('SIGHUP')

    expect(calls).toEqual(['reload', 'reload'])
  })

  it.each(['uncaughtException', 'unhandledRejection'])(
    'stops at %s with 70, and logs no more than the words',
    async (event) => {
      const { events, ended, lines } = setUp()

      events.emit(event, Object.assign(new Error('Boom.'), { headers: { authorization: 'Bearer secret' } }))

      expect(await ended).toBe(70)
      expect(JSON.stringify(lines)).toContain('Boom.')
      expect(JSON.stringify(lines)).not.toContain('secret')
    },
  )

  it('stops once, whatever happens while it does', async () => {
    let finish = () => undefined as void
    const { events, ended, calls } = setUp(() => new Promise((resolve) => (finish = resolve)))

    events.emit('uncaughtException', new Error('One.'))
    events.emit('unhandledRejection', new Error('Two.'))
    finish()

    expect(await ended).toBe(70)
    expect(calls).toEqual(['stop'])
  })

  it('ends with 70 when it cannot stop in order', async () => {
    const { events, ended } = setUp(() => Promise.reject(new Error('No.')))

    events.emit('SIGTERM', 'SIGTERM')

    expect(await ended).toBe(70)
  })
})
