import type { Now } from '../clock.js'
import type { Queue } from '../queue/queue.js'

/** A commit older than this does not prove that the next one will succeed. */
const MAX_COMMIT_AGE_MS = 10_000
const PROBE_EVERY_MS = 2_000

export interface ReadinessReport {
  ready: boolean
  /** Why not: `starting`, `closing`, `no_recent_commit`, or what the queue says (`full`, `disk_full`, …). */
  reasons: string[]
  /** How long ago the storage last proved that it takes writes, in milliseconds. */
  lastCommitAgeMs?: number
}

/** Whether events can be taken. Meta has no part in it: what waits is safe. */
export interface Readiness {
  report(): ReadinessReport
  /** Makes the first real commit and goes on making one now and then. */
  start(): Promise<void>
  /** From now on not ready, for a balancer to notice; and no more probes. */
  close(): void
}

/** Probes the queue all the time, never only at start: a disk can fill up and a database can go away at any moment. */
export function createReadiness(queue: () => Pick<Queue, 'probe' | 'status'>, now: Now): Readiness {
  let phase: 'starting' | 'open' | 'closing' = 'starting'
  let committedAtMs: number | undefined
  let refusing: string | undefined
  let timer: NodeJS.Timeout | undefined

  const probe = async (): Promise<void> => {
    try {
      await queue().probe()
      committedAtMs = now()
      refusing = (await queue().status()).refusing
    } catch {
      // No commit is the finding: the last one grows old and the report says so.
    }
  }
  const goOn = async (): Promise<void> => {
    await probe()
    if (phase !== 'closing') timer = setTimeout(() => void goOn(), PROBE_EVERY_MS).unref()
  }

  return {
    report() {
      const ageMs = committedAtMs === undefined ? undefined : Math.max(0, now() - committedAtMs)
      const stale = ageMs === undefined || ageMs > MAX_COMMIT_AGE_MS
      const reasons = [
        ...(phase === 'open' ? [] : [phase]),
        ...(stale ? ['no_recent_commit'] : []),
        ...(refusing === undefined ? [] : [refusing]),
      ]
      return { ready: reasons.length === 0, reasons, ...(ageMs !== undefined && { lastCommitAgeMs: ageMs }) }
    },
    async start() {
      await goOn()
      if (phase === 'starting') phase = 'open'
    },
    close() {
      phase = 'closing'
      clearTimeout(timer)
    },
  }
}
