import type pg from 'pg'
import { expect, it } from 'vitest'
import { Ownership, type OwnedLane } from '../../../src/queue/postgres/ownership.js'

const SHOP = { pixelId: '1000000000000001' }
const BLOG = { pixelId: '1000000000000002' }

/** A pool whose answers are given by hand, in any order. */
function poolByHand() {
  const waiting: ((rows: { id: string; epoch: string }[]) => void)[] = []
  const query = () =>
    new Promise((resolve) => {
      waiting.push((rows) => resolve({ rows }))
    })
  return {
    pool: { query } as unknown as pg.Pool,
    answer: (index: number, rows: { id: string; epoch: string }[]) => waiting[index]!(rows),
  }
}

it('does not take a lane for lost that it got while it was prolonging the others', async () => {
  const lost: OwnedLane[] = []
  const { pool, answer } = poolByHand()
  const ownership = new Ownership(pool, 'one', (lane) => lost.push(lane), 60_000)
  const taken = ownership.take(BLOG)
  answer(0, [{ id: '2', epoch: '1' }])
  await taken

  const renewed = ownership.renew()
  const shop = ownership.take(SHOP)
  answer(2, [{ id: '1', epoch: '1' }])
  await shop
  answer(1, [{ id: '2', epoch: '1' }])
  await renewed

  expect(lost).toEqual([])
  expect(ownership.has((await shop)!)).toBe(true)
})

it('takes a lane for lost that another node has', async () => {
  const lost: OwnedLane[] = []
  const { pool, answer } = poolByHand()
  const ownership = new Ownership(pool, 'one', (lane) => lost.push(lane), 60_000)
  const taken = ownership.take(SHOP)
  answer(0, [{ id: '1', epoch: '1' }])
  await taken

  const renewed = ownership.renew()
  answer(1, [])
  await renewed

  expect(lost).toMatchObject([{ key: SHOP, epoch: '1' }])
})
