import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSandbox, InvalidBehaviourError, type Behaviour, type Sandbox } from '../../src/index.js'
import { NOW_MS, pageView } from '../sample.js'

let sandbox: Sandbox
let url: string

beforeEach(async () => {
  sandbox = createSandbox({ now: () => NOW_MS })
  url = (await sandbox.start()).url
})

afterEach(async () => {
  await sandbox.stop()
})

/** What a client sees of an answer: all of it, or as much as came before the connection broke. */
interface Seen {
  status?: number
  headers: Record<string, unknown>
  body: string
  broken?: string
  error?: Record<string, unknown>
}

function post(events: Record<string, unknown>[] = [pageView()], pixelId = '42', giveUpAfterMs = 10_000): Promise<Seen> {
  return new Promise((resolve) => {
    const seen: Seen = { headers: {}, body: '' }
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' }
    const end = (broken?: string) => {
      const isJson = !broken && String(seen.headers['content-type']).includes('json')
      const error = isJson && (JSON.parse(seen.body) as { error?: Record<string, unknown> }).error
      resolve({ ...seen, ...(broken && { broken }), ...(error && { error }) })
    }
    const call = request(`${url}/v26.0/${pixelId}/events`, { method: 'POST', headers, agent: false }, (res) => {
      Object.assign(seen, { status: res.statusCode, headers: res.headers })
      res.setEncoding('utf8')
      res.on('data', (text: string) => (seen.body += text))
      res.on('end', () => end())
      res.on('error', (error: NodeJS.ErrnoException) => end(error.code))
    })
    call.on('error', (error: NodeJS.ErrnoException) => end(error.code))
    call.setTimeout(giveUpAfterMs, () => {
      end('TIMEOUT')
      call.destroy()
    })
    call.end(JSON.stringify({ data: events }))
  })
}

const statuses = (answers: Seen[]) => answers.map(({ status }) => status)

describe('behave()', () => {
  it.each<[what: string, behaviour: Behaviour, seen: Partial<Seen>, taken: boolean]>([
    ['answers late', { kind: 'latency', ms: 20, jitterMs: 20 }, { status: 200 }, true],
    ['answers piece by piece', { kind: 'drip', ms: 1, pieceBytes: 40 }, { status: 200 }, true],
    ['says an unknown request limit was reached', { kind: 'throttle' }, { status: 400, error: { code: 4 } }, false],
    ['throttles the user', { kind: 'throttle', code: 17 }, { error: { code: 17, error_subcode: 2446079 } }, false],
    [
      'throttles as a proxy would',
      { kind: 'throttle', code: 613, status: 429 },
      { status: 429, error: { code: 613 } },
      false,
    ],
    ['fails', { kind: 'server_error' }, { status: 500, error: { code: 2, is_transient: true } }, false],
    [
      'fails after taking the events',
      { kind: 'server_error', status: 503, code: 1, taken: true },
      { status: 503, error: { code: 1 } },
      true,
    ],
    ['shows a page for people', { kind: 'html' }, { status: 502 }, false],
    ['shows a page for people under 200', { kind: 'html', status: 200, taken: true }, { status: 200 }, true],
    ['resets before it reads', { kind: 'reset' }, { broken: 'ECONNRESET' }, false],
    ['resets after it took the events', { kind: 'reset', taken: true }, { broken: 'ECONNRESET' }, true],
    ['sends half an answer', { kind: 'half' }, { status: 200, broken: 'ECONNRESET' }, true],
    [
      'no longer knows the token',
      { kind: 'bad_token' },
      { status: 401, error: { code: 190, error_subcode: 463 } },
      false,
    ],
    [
      'says that the password has changed',
      { kind: 'bad_token', subcode: 460 },
      { error: { code: 190, error_subcode: 460 } },
      false,
    ],
    [
      'no longer knows the pixel',
      { kind: 'wrong_pixel' },
      { status: 400, error: { code: 100, error_subcode: 33 } },
      false,
    ],
    ['takes the permission away', { kind: 'permission' }, { status: 403, error: { code: 200 } }, false],
    ['takes the capability away', { kind: 'permission', code: 10 }, { error: { code: 10 } }, false],
    ['switches the version off', { kind: 'deprecated_version' }, { error: { code: 2635 } }, false],
    [
      'answers any error',
      { kind: 'graph_error', code: 368, status: 418, subcode: 7, message: 'No.', transient: false },
      { status: 418, error: { code: 368, error_subcode: 7, message: 'No.', is_transient: false } },
      false,
    ],
    [
      'has a poisonous event',
      { kind: 'poison', event_name: 'Page*' },
      { status: 400, error: { code: 100, error_subcode: 2804001 } },
      false,
    ],
  ])('%s', async (_, behaviour, expected, taken) => {
    sandbox.behave(behaviour)

    const seen = await post()

    expect(seen).toMatchObject(expected)
    expect(sandbox.received()).toHaveLength(taken ? 1 : 0)
    sandbox.clearBehaviours()
    expect((await post()).status).toBe(200)
  })

  it.each([true, false])('never answers (events taken: %s)', async (taken) => {
    sandbox.behave({ kind: 'hang', taken })

    const seen = await post([pageView()], '42', 300)

    expect(seen).toMatchObject({ broken: 'TIMEOUT', body: '' })
    expect(sandbox.received()).toHaveLength(taken ? 1 : 0)
  })

  it('waits as long as it was told to', async () => {
    sandbox.behave({ kind: 'latency', ms: 400 })

    const early = await post([pageView()], '42', 50)
    const late = await post([pageView()], '42', 10_000)

    expect([early.broken, late.status]).toEqual(['TIMEOUT', 200])
  })

  it('drips an answer that is whole in the end', async () => {
    sandbox.behave({ kind: 'drip', ms: 1, pieceBytes: 7 })

    const { body } = await post()

    expect(JSON.parse(body)).toMatchObject({ events_received: 1, messages: [] })
  })

  it('cuts an answer that promised to be longer', async () => {
    sandbox.behave({ kind: 'half' })

    const { body, headers } = await post()

    expect(body.length).toBeLessThan(Number(headers['content-length']))
  })

  it('says how much of the rate limits is used up', async () => {
    sandbox.behave({ kind: 'usage', percent: 87, regainMinutes: 3 })

    const { status, headers } = await post()

    expect(status).toBe(200)
    const used = { call_count: 87, total_cputime: 87, total_time: 87 }
    expect(JSON.parse(String(headers['x-app-usage']))).toEqual(used)
    expect(JSON.parse(String(headers['x-business-use-case-usage']))).toEqual({
      42: [
        { type: 'ads_management', ...used, estimated_time_to_regain_access: 3, ads_api_access_tier: 'standard_access' },
      ],
    })
  })

  it('tells with a throttle when to come back, in every way Meta does', async () => {
    sandbox.behave({ kind: 'throttle', code: 80004, regainMinutes: 5, retryAfterS: 7 })

    const { headers, error } = await post()

    expect(error).toMatchObject({ code: 80004 })
    expect(headers).toMatchObject({ 'retry-after': '7' })
    expect(headers['x-business-use-case-usage']).toContain('"estimated_time_to_regain_access":5')
    expect(headers['x-app-usage']).toContain('"call_count":100')
  })

  it('stops by itself after so many requests', async () => {
    sandbox.behave({ kind: 'html', times: 2 })

    const answers = [await post(), await post(), await post()]

    expect(statuses(answers)).toEqual([502, 502, 200])
    expect(sandbox.behaviours()).toMatchObject([{ kind: 'html', times: 2, applied: 2 }])
  })

  it('leaves other pixels alone', async () => {
    sandbox.behave({ kind: 'bad_token', pixel_id: '42' })

    const answers = [await post(), await post([pageView()], '43')]

    expect(statuses(answers)).toEqual([401, 200])
  })

  it('shows the first of several faults, and the next when that is used up', async () => {
    sandbox.behave({ kind: 'html', times: 1 }, { kind: 'bad_token', times: 1 }, { kind: 'latency', ms: 1 })

    const answers = [await post(), await post(), await post()]

    expect(statuses(answers)).toEqual([502, 401, 200])
    expect(sandbox.behaviours().map(({ applied }) => applied)).toEqual([1, 1, 3])
  })

  it('ends when what it returned is called', async () => {
    const end = sandbox.behave({ kind: 'html' }, { kind: 'latency', ms: 1 })

    end()

    expect(sandbox.behaviours()).toEqual([])
    expect((await post()).status).toBe(200)
  })

  it('tosses the same coins for the same seed', async () => {
    const run = async (seed: number) => {
      const end = sandbox.behave({ kind: 'html', probability: 0.5, seed })
      const answers: Seen[] = []
      for (let count = 0; count < 24; count++) answers.push(await post())
      end()
      return statuses(answers).join()
    }

    const [first, again, other] = [await run(7), await run(7), await run(8)]

    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(new Set(first.split(','))).toEqual(new Set(['200', '502']))
  })

  it.each<[what: string, pattern: Partial<Behaviour>, poisonous: boolean]>([
    ['its id', { event_id: 'bad-7' }, true],
    ['a pattern of its id', { event_id: 'bad-*' }, true],
    ['its name and its id', { event_id: '*7', event_name: 'PageView' }, true],
    ['another id', { event_id: 'bad-77' }, false],
    ['an id that is a part of its own', { event_id: 'bad' }, false],
    ['its id but not its name', { event_id: 'bad-7', event_name: 'Purchase' }, false],
    ['signs that mean something in a pattern of another kind', { event_id: 'b.d-7' }, false],
  ])('knows a poisonous event by %s', async (_, pattern, poisonous) => {
    sandbox.behave({ kind: 'poison', subcode: 2804017, ...pattern } as Behaviour)

    const seen = await post([pageView(), pageView({ event_id: 'bad-7' })])

    expect(seen.error?.['error_subcode']).toBe(poisonous ? 2804017 : undefined)
    expect(sandbox.refusals().map(({ path, event_id }) => [path, event_id])).toEqual(
      poisonous ? [['data[1]', 'bad-7']] : [],
    )
  })

  it('refuses a behaviour it does not know, and says what is wrong', () => {
    const wrong = { kind: 'latency', jitterMs: -1, colour: 'red' } as unknown as Behaviour

    expect(() => sandbox.behave(wrong)).toThrow(InvalidBehaviourError)
    expect(() => sandbox.behave(wrong)).toThrow(/colour.*ms: must be.*jitterMs: must be/s)
    expect(sandbox.behaviours()).toEqual([])
  })

  it('counts what went wrong on demand', async () => {
    sandbox.behave({ kind: 'html', times: 1 }, { kind: 'reset', taken: true, times: 1 }, { kind: 'latency', ms: 1 })

    await post()
    await post()
    await post()

    expect(sandbox.counts()).toMatchObject({ requests: 3, faultyRequests: 2, acceptedRequests: 2, serverCopies: 2 })
  })
})
