import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { HistoryError } from '../../src/errors.js'
import { openHistoryThread } from '../../src/inspector/history-thread.js'

const NOW = Date.parse('2026-03-10T12:30:30Z')
const batch = {
  nowMs: NOW,
  sums: [{ minuteMs: Math.floor(NOW / 60_000) * 60_000, pixelId: '1', eventName: 'Lead', counts: { events: 3 } }],
  samples: [],
  steps: [],
  notes: [],
}
const newFile = () => join(mkdtempSync(join(tmpdir(), 'history-')), 'deeper', 'inspector.db')

it('keeps the history in a thread of its own, and in its file', async () => {
  const file = newFile()
  const history = openHistoryThread(file, NOW)
  await history.write(batch)
  expect((await history.summary({ range: '1h', nowMs: NOW })).total).toEqual({ events: 3 })
  await history.close()

  const again = openHistoryThread(file, NOW)

  expect((await again.summary({ range: '1h', nowMs: NOW })).total).toEqual({ events: 3 })
  await again.close()
})

it('answers what was asked before it is closed, and nothing after', async () => {
  const history = openHistoryThread(newFile(), NOW)
  const answer = history.events({ limit: 5 })

  await history.close()

  expect(await answer).toEqual([])
  await expect(history.events({ limit: 5 })).rejects.toThrow(HistoryError)
  await history.close()
})

it('says so when its folder cannot be made, and ends nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'history-'))
  writeFileSync(join(folder, 'not-a-folder'), '')

  const history = openHistoryThread(join(folder, 'not-a-folder', 'inspector.db'), NOW)

  await expect(history.write(batch)).rejects.toThrow('could not be opened')
  expect(existsSync(folder)).toBe(true)
})

it('passes on what the store says when one call fails', async () => {
  const history = openHistoryThread(':memory:', NOW)

  await expect(history.write({ ...batch, sums: [{ ...batch.sums[0]!, pixelId: null as never }] })).rejects.toThrow(
    HistoryError,
  )
  expect(await history.events({ limit: 1 })).toEqual([])
  await history.close()
})
