import { ALL_EVENT_RULES } from './judge-event.js'
import { REQUEST_RULES } from './request-rules.js'
import type { Evidence, Rule } from './rule.js'

/** A rule as people and machines read it. */
export interface RuleRow {
  name: string
  code: 100
  subcode?: number
  title: string
  message: string
  evidence: Evidence
}

/** All rules, in the order in which they are looked at. */
export function rulesTable(): RuleRow[] {
  return [...REQUEST_RULES, ...ALL_EVENT_RULES].map(ruleRow)
}

export function ruleRow({ name, subcode, title, message, evidence }: Rule<never>): RuleRow {
  return { name, code: 100, ...(subcode !== undefined && { subcode }), title, message, evidence }
}
