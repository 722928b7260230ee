import { CHANNEL_RULES } from './channel-rules.js'
import { CUSTOM_DATA_RULES } from './custom-data-rules.js'
import { EVENT_RULES } from './event-rules.js'
import { isObject } from './field-type.js'
import { PROCESSING_RULES } from './processing-rules.js'
import { firstBroken, type BrokenRule, type Candidate, type Rule, type RuleContext } from './rule.js'
import { USER_DATA_RULES } from './user-data-rules.js'
import { WEBSITE_RULES } from './website-rules.js'

/** All that one event can do wrong, in the order in which it is looked at. */
export const ALL_EVENT_RULES: readonly Rule<Candidate>[] = [
  ...EVENT_RULES,
  ...WEBSITE_RULES,
  ...PROCESSING_RULES,
  ...CHANNEL_RULES,
  ...USER_DATA_RULES,
  ...CUSTOM_DATA_RULES,
]

/** What Meta would have against this event, or `undefined` if it would take it. */
export function judgeEvent(event: Record<string, unknown>, context: RuleContext): BrokenRule | undefined {
  return firstBroken(ALL_EVENT_RULES, candidate(event), context)
}

export function candidate(event: Record<string, unknown>): Candidate {
  const { user_data: user, custom_data: custom } = event
  return { event, user: isObject(user) ? user : {}, custom: isObject(custom) ? custom : {} }
}
