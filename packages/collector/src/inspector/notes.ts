import type { Happening } from '../observer.js'
import { remedyFor } from '../relay/remedies.js'
import type { Note } from './api.js'

/** What is worth remembering word for word: the last thing said about each cause of trouble. */
export function notesOf(happening: Happening): Note[] {
  switch (happening.kind) {
    case 'attempted': {
      const { outcome } = happening.attempt
      if (outcome.kind === 'accepted') return []
      const reason = 'reason' in outcome ? outcome.reason : undefined
      return [
        {
          kind: 'attempt',
          cause: outcome.cause,
          pixelId: happening.lane.pixelId,
          atMs: happening.atMs,
          message: reason?.message ?? '',
          ...wordsOf(reason),
          remedy: remedyFor({ ...reason, cause: outcome.cause }),
        },
      ]
    }
    case 'settled':
      return happening.verdicts.flatMap((verdict) =>
        verdict.kind === 'dead' || verdict.kind === 'expired'
          ? [
              {
                kind: 'dead' as const,
                cause: verdict.reason.cause,
                pixelId: happening.lane.pixelId,
                atMs: happening.atMs,
                message: verdict.reason.message,
                ...wordsOf(verdict.reason),
                remedy: remedyFor(verdict.reason),
              },
            ]
          : [],
      )
    case 'ingested':
      return happening.prepared.flatMap((one) =>
        one.kind === 'rejected'
          ? one.issues.map(({ code, message }) => ({
              kind: 'rejected' as const,
              cause: code,
              pixelId: one.pixelId ?? '',
              atMs: happening.received.receivedAtMs,
              message,
            }))
          : [],
      )
    case 'alarm': {
      const { code, message, atMs } = happening
      return [{ kind: 'alarm', cause: code, pixelId: '', atMs, message }]
    }
    case 'answered':
    case 'lane':
    case 'turned_away':
      return []
  }
}

function wordsOf(reason: { code?: number; subcode?: number; fbtraceId?: string } | undefined) {
  return {
    ...(reason?.code !== undefined && { code: reason.code }),
    ...(reason?.subcode !== undefined && { subcode: reason.subcode }),
    ...(reason?.fbtraceId !== undefined && { fbtraceId: reason.fbtraceId }),
  }
}
