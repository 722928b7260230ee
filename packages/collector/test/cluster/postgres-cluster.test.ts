import { randomUUID } from 'node:crypto'
import { startPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { describe } from 'vitest'
import { threeCollectors, type SharedEngine } from './three-collectors.js'

async function start(): Promise<SharedEngine> {
  const schema = `cluster_${randomUUID().replaceAll('-', '')}`
  const database = await startPostgres()
  const looking = new pg.Pool({
    connectionString: `${database.url}/postgres?options=-c%20search_path%3D${schema}`,
    max: 1,
  })
  looking.on('error', () => undefined)
  return {
    url: `${database.url}/postgres?schema=${schema}`,
    async owners() {
      const { rows } = await looking.query<{ pid: string }>(
        `SELECT split_part(owner, '/', 2) AS pid FROM lane WHERE lease_until >= clock_timestamp()`,
      )
      return rows.map(({ pid }) => Number(pid))
    },
    trouble: 'the database restarted',
    breakDown: () => database.restart(),
    async stop() {
      await looking.end()
      await database.stop()
    },
  }
}

describe('three collectors on one PostgreSQL', () => threeCollectors(start))
