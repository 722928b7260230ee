import { existsSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { openQueue } from '../../queue/open-queue.js'
import { bytes } from '../in-words.js'
import { quietly } from '../queue-desk.js'
import { about, type Check, type CheckContext, type Finding } from './finding.js'

const { ok, warning, failed, skipped } = about('disk')

/** Where SQLite's promise to have synced is worth nothing, by the numbers of `statfs(2)`. */
const UNFIT_FILE_SYSTEMS: Readonly<Record<number, { name: string; why: string }>> = {
  0x6969: { name: 'NFS', why: 'its locks and its memory maps are not those of one machine' },
  0x517b: { name: 'SMB', why: 'its locks and its memory maps are not those of one machine' },
  0xfe534d42: { name: 'SMB', why: 'its locks and its memory maps are not those of one machine' },
  0xff534d42: { name: 'CIFS', why: 'its locks and its memory maps are not those of one machine' },
  0x01021994: { name: 'tmpfs', why: 'it is memory, and ends with the machine' },
  0x858458f6: { name: 'ramfs', why: 'it is memory, and ends with the machine' },
}
const OVERLAY = 0x794c7630

const SLOW_COMMIT_MS = 50
const COMMITS = 5

/** Is there room, is it a real disk, and does a commit get through? */
export const checkDisk: Check = async (context) => {
  const file = /^sqlite:(.+)$/.exec(context.settings.queueUrl)?.[1]
  if (file === undefined) return [skipped('The queue is not on a disk of this machine.')]
  const folder = nearestFolder(resolve(dirname(file)))
  const { type, bavail, bsize } = await statfs(folder)
  return [
    fileSystem(folder, type),
    room(folder, bavail * bsize, context.settings.maxQueueBytes),
    await commit(folder, context),
  ]
}

/** The folder itself is made at start; until then what matters is the one it will be in. */
function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder))
}

function fileSystem(folder: string, type: number): Finding {
  const unfit = UNFIT_FILE_SYSTEMS[type >>> 0]
  if (unfit) {
    return failed(
      `${folder} is on ${unfit.name}: ${unfit.why}.`,
      'Put the queue on a disk of this machine (QUEUE_URL=sqlite:/path/queue.db), or use PostgreSQL.',
    )
  }
  if (type === OVERLAY) {
    return warning(`${folder} is inside the container and goes with it.`, 'Mount a volume there.')
  }
  return ok(`${folder} is on a disk of this machine.`)
}

function room(folder: string, freeBytes: number, maxQueueBytes: number): Finding {
  if (freeBytes >= maxQueueBytes) return ok(`${bytes(freeBytes)} are free.`)
  return warning(
    `${folder} has ${bytes(freeBytes)} free, but the queue may grow to ${bytes(maxQueueBytes)}.`,
    'Make room, or set MAX_QUEUE_BYTES below what is free: then events are refused in time, and nothing that was taken is at risk.',
  )
}

/** A queue of its own beside the real one, which a running collector may have open. */
async function commit(folder: string, { settings, now }: CheckContext): Promise<Finding> {
  let scratch: string | undefined
  try {
    scratch = await mkdtemp(join(folder, '.pixel-mirror-check-'))
    const queue = await openQueue(`sqlite:${join(scratch, 'queue.db')}`, quietly(settings))
    const startedMs = now()
    for (let i = 0; i < COMMITS; i++) await queue.probe()
    const eachMs = (now() - startedMs) / COMMITS
    await queue.close()
    const words = `A commit takes ${eachMs.toFixed(1)} ms.`
    return eachMs > SLOW_COMMIT_MS
      ? warning(words, 'Every answer waits for one: use a faster disk, or one that is less busy.')
      : ok(words)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return failed(`Nothing can be written to ${folder} (${code}).`, 'Let the user that runs the collector write there.')
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true })
  }
}
