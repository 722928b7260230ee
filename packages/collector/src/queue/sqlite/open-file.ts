/** From a path to operations: what a start finds is put right first, then the file is opened for this process alone. */
import { CollectorError, QueueUnavailableError } from '../../errors.js'
import { ballast as ballastFile } from './ballast.js'
import { DamageError } from './damage.js'
import type { OpenDatabase } from './driver.js'
import { keeper } from './keeper.js'
import type { Operations } from './operations.js'
import { operations } from './operations.js'
import { removeOwner } from './owner.js'
import { openQueueFile, warningAbout } from './queue-file.js'
import { finishSalvage, salvage } from './salvage.js'
import { openStore } from './store.js'
import { sentence, troubleOf } from './trouble.js'

export interface FileOptions {
  path: string
  maxBytes: number
  ballastBytes: number
  /** Why the file is believed to be damaged, if it is: then it is set aside, and what can be read is saved. */
  damage?: string
  /** Leases are numbered from here on. A lease of before must not name another one of after. */
  firstLeaseId: number
  open: OpenDatabase
  alarm: (code: string, message: string) => void
  note: (message: string) => void
  elapsedMs: () => number
}

/**
 * @throws DamageError when the file is damaged: open it once more, with `damage`
 * @throws QueueInUseError when another process has it
 * @throws QueueUnavailableError when it cannot be opened as things are
 */
export function openFile(options: FileOptions, nowMs: number): Operations {
  const { path, damage, ballastBytes, open, alarm } = options
  const ballast = ballastFile(`${path}.ballast`, ballastBytes)

  try {
    const aside = finishSalvage(path, nowMs)
    if (aside !== undefined) alarm('queue_damaged', `The queue file was damaged or missing. What was left is ${aside}.`)
    if (damage !== undefined) {
      const { asidePath, savedEvents, lostEvents } = salvage(path, open, nowMs)
      const outcome = `${savedEvents} waiting events were saved, ${lostEvents} are lost.`
      alarm('queue_damaged', `The queue file was damaged (${damage}) and is now ${asidePath}. ${outcome}`)
    }
    const store = openStore(openQueueFile(path, open, nowMs), options)
    const warning = warningAbout(path)
    if (warning !== undefined) alarm('queue_on_unsafe_disk', warning)
    const methods = operations(keeper(store, { ...options, ballast }))
    return {
      ...methods,
      close() {
        methods.close()
        removeOwner(path)
      },
    }
  } catch (error) {
    if (error instanceof CollectorError) throw error
    const met = troubleOf(error, path, 'opening')
    if (met.kind === 'damaged') throw new DamageError(met.message, { cause: error })
    if (met.kind === 'disk_full') ballast.release()
    throw new QueueUnavailableError(sentence(met), { cause: error })
  }
}
