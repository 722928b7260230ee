import { startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { runCollector } from '../../running-collector.js'
import { ridesOut } from '../over-http.js'
import { Address } from './address.js'

let server: TestPostgres

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server?.stop())

describe('a collector on PostgreSQL', () => {
  it('does not start while nobody answers there, and says so', async () => {
    // A port that no other test is given.
    await expect(runCollector({ env: { QUEUE_URL: 'postgres://postgres@127.0.0.1:1/postgres' } })).rejects.toThrow(
      'PostgreSQL cannot be used (ECONNREFUSED). Nobody listens there.',
    )
  })

  it('answers 503 with Retry-After and is not ready while the database is away; it goes on by itself, with all that it had taken', async () => {
    const address = new Address()
    onTestFinished(() => address.close())
    const url = await address.open(server.port)

    await ridesOut({
      url,
      leave: () => Promise.resolve(address.cut()),
      comeBack: () => Promise.resolve(address.leadTo(server.port)),
    })
  }, 120_000)
})
