/**
 * One rule of Meta's: what it forbids, and the words Meta uses about it.
 *
 * The rules stand in tables (`request-rules.ts`, `event-rules.ts`, …) that the edge, the tests and the docs read. They are written
 * from Meta's pages and from observed answers, on purpose without the collector's own checks: a fault in those has to show here.
 */
export interface Rule<Subject> {
  /** A stable word, for tests and docs: `event_time_too_old`. Meta has no such name. */
  name: string
  /** Meta's `error_subcode`, where one is known. All rules answer code 100. */
  subcode?: number
  /** `error_user_title` */
  title: string
  /** `error_user_msg`. `{field}` stands for the path of the offending field. */
  message: string
  evidence: Evidence
  /** The path of the field that breaks the rule, or `undefined` if the subject keeps it. */
  brokenBy: (subject: Subject, context: RuleContext) => string | undefined
}

/** How we know that Meta minds. */
export type Evidence =
  /** Meta's documentation says so. */
  | 'documented'
  /** A real answer of Meta's was seen. */
  | 'observed'
  /** Meta accepts or says nothing; Events Manager may complain later. Refused here so that the mistake shows. */
  | 'assumed'

export interface RuleContext {
  nowMs: number
  /** How far ahead of our clock an event may lie. Meta publishes no number. */
  futureToleranceMs: number
}

/** An event as it came, with its two groups at hand (empty where they are missing or no objects). */
export interface Candidate {
  event: Record<string, unknown>
  user: Record<string, unknown>
  custom: Record<string, unknown>
}

export interface BrokenRule {
  rule: Rule<never>
  path: string
}

/** The first rule that the subject breaks. The order of a table is the order in which Meta complains. */
export function firstBroken<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  context: RuleContext,
): BrokenRule | undefined {
  for (const rule of rules) {
    const path = rule.brokenBy(subject, context)
    if (path !== undefined) return { rule, path }
  }
  return undefined
}

/** The rule's message, about the field that broke it. Like Meta's, it does not say which event's. */
export function messageOf({ rule, path }: BrokenRule): string {
  return rule.message.replace('{field}', path.replace(/\[\d+\]/g, ''))
}
