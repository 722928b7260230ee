import { judgeEvent as judge } from './rules/judge-event.js'
import { messageOf } from './rules/rule.js'
import { ruleRow, type RuleRow } from './rules/rules-table.js'

/** A rule that an event breaks, and where. */
export type Objection = RuleRow & {
  /** Example: `user_data.em` */
  path: string
}

/**
 * What Meta would have against an event, or `undefined` if it would take it: the sandbox's judgement without the sandbox.
 *
 * @param event as it would be sent: one element of `data`.
 * @param nowMs when it would arrive, in milliseconds since the epoch.
 */
export function judgeEvent(event: Record<string, unknown>, nowMs = Date.now()): Objection | undefined {
  const broken = judge(event, { nowMs, futureToleranceMs: 60_000 })
  return broken && { ...ruleRow(broken.rule), message: messageOf(broken), path: broken.path }
}
