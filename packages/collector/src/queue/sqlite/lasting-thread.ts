/**
 * The queue's thread through all its lives. When one ends in trouble (the disk is away, the file damaged, a crash) nothing more is
 * acknowledged, and the next request that comes a second or more later starts another; what was on disk is there again.
 */
import { QueueUnavailableError } from '../../errors.js'
import { DamageError } from './damage.js'
import type { ThreadData } from './messages.js'
import type { Call, Thread, Watch } from './thread.js'
import { startThread } from './thread.js'
import type { Trouble, TroubleKind } from './trouble.js'
import { sentence } from './trouble.js'

export interface LastingThread {
  call: Call
  /** What keeps the thread from running, if it does not. */
  trouble(): TroubleKind | undefined
  /** Ends the thread for good, after what it has been asked already. */
  close(): Promise<void>
}

export interface LastingThreadOptions {
  data: Omit<ThreadData, 'nowMs' | 'firstLeaseId'>
  url: URL
  watch: Watch
  now: () => number
  /** Milliseconds that only ever grow. */
  elapsedMs: () => number
}

type State =
  | { name: 'starting'; thread: Promise<Thread> }
  | { name: 'running'; thread: Thread }
  | { name: 'down'; trouble: Trouble; sinceMs: number }
  | { name: 'closed' }

const RETRY_MS = 1_000
/** A disk that damages the file again and again is not to be filled with what was set aside. */
const MOST_REPAIRS = 5
/** More leases than one life of a thread can give out. */
const LEASES_A_LIFE = 2 ** 32

/** @throws QueueInUseError | QueueUnavailableError when the file cannot be opened now */
export async function lastingThread(options: LastingThreadOptions): Promise<LastingThread> {
  const { data, url, watch, now, elapsedMs } = options
  let lives = 0
  let repairs = 0
  let state: State = { name: 'closed' }

  const first = await live(undefined)
  run(first)

  function live(damage: string | undefined): Promise<Thread> {
    const life = {
      ...data,
      nowMs: now(),
      firstLeaseId: lives++ * LEASES_A_LIFE,
      ...(damage !== undefined && { damage }),
    }
    return startThread(life, url, watch).catch((error: unknown) => {
      if (!(error instanceof DamageError)) throw error
      if (++repairs > MOST_REPAIRS) throw new QueueUnavailableError('The queue file is damaged again and again.')
      return live(error.message)
    })
  }

  function run(thread: Thread): void {
    state = { name: 'running', thread }
    void thread.ended.then((end) => {
      if (end !== 'closed') goDown(end)
    })
  }

  function goDown(trouble: Trouble): void {
    if (state.name === 'closed') return
    if (state.name !== 'down' || state.trouble.kind !== trouble.kind) watch.alarm('queue_refusing', sentence(trouble))
    state = { name: 'down', trouble, sinceMs: elapsedMs() }
  }

  function start({ kind, message }: Trouble): Promise<Thread> {
    const before = state
    const isRepair = kind === 'damaged' && ++repairs <= MOST_REPAIRS
    const thread = live(isRepair ? message : undefined)
    state = { name: 'starting', thread }
    thread.then(
      (started) => {
        run(started)
        watch.note('The queue takes events again.')
      },
      (error: unknown) => {
        state = before
        goDown({ kind: 'unreachable', message: error instanceof Error ? error.message : String(error) })
      },
    )
    return thread
  }

  const call: Call = (name, ...args) => {
    switch (state.name) {
      case 'running':
        return state.thread.call(name, ...args)
      case 'starting':
        return state.thread.then((thread) => thread.call(name, ...args))
      case 'down': {
        const canBeRepaired = state.trouble.kind === 'damaged' && repairs < MOST_REPAIRS
        const isTime = canBeRepaired || elapsedMs() - state.sinceMs >= RETRY_MS
        if (!isTime) return Promise.reject(new QueueUnavailableError(sentence(state.trouble)))
        return start(state.trouble).then((thread) => thread.call(name, ...args))
      }
      case 'closed':
        return Promise.reject(new QueueUnavailableError('The queue is closed.'))
    }
  }

  return {
    call,
    trouble: () => (state.name === 'down' ? state.trouble.kind : undefined),

    async close() {
      const thread = await running()
      state = { name: 'closed' }
      // One that breaks over it has ended as well, and what it acknowledged is on disk.
      await thread?.call('close').catch(() => undefined)
      await thread?.ended
    },
  }

  /** The thread, if there is one or one is about to be. */
  async function running(): Promise<Thread | undefined> {
    if (state.name === 'running') return state.thread
    return state.name === 'starting' ? state.thread.catch(() => undefined) : undefined
  }
}
