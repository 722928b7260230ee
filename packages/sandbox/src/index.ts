export { createSandbox } from './sandbox.js'
export type { Sandbox, SandboxCounts } from './sandbox.js'
export type { Control, SandboxOptions } from './options.js'
export { runSandbox, SANDBOX_USAGE } from './run-sandbox.js'
export type { Surroundings } from './run-sandbox.js'

export type { BrowserCopy, CopyBase, EventCopies, ReceivedCopy, ServerCopy, Verdict } from './copies/copy.js'
export type { CopyCounts, Keep } from './copies/ledger.js'
export type { BrowserHit } from './pixel/browser-hit.js'
export type { Refusal } from './refusal.js'
export type { RequestCounts } from './state.js'

export type { ActiveBehaviour } from './behaviour/active-behaviours.js'
export type {
  Behaviour,
  Scope,
  Manner,
  Latency,
  Usage,
  Throttle,
  ServerError,
  HtmlPage,
  Reset,
  Hang,
  Drip,
  Half,
  BadToken,
  WrongPixel,
  Permission,
  DeprecatedVersion,
  Poison,
  AnyGraphError,
} from './behaviour/behaviour.js'

export { judgeEvent } from './judge-event.js'
export type { Objection } from './judge-event.js'
export { rulesTable } from './rules/rules-table.js'
export type { RuleRow } from './rules/rules-table.js'
export type { Evidence } from './rules/rule.js'
export type { SandboxPixel } from './graph/pixels.js'
export type { TokenPlace } from './graph/graph-call.js'
export type { Address } from './http/listen.js'

export { AlreadyRunningError, InvalidBehaviourError, NotArrivedError } from './errors.js'
