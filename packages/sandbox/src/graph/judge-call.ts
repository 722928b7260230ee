import { judgeEvent } from '../rules/judge-event.js'
import { REQUEST_RULES } from '../rules/request-rules.js'
import { firstBroken, type BrokenRule, type RuleContext } from '../rules/rule.js'
import { appsecretProof } from './appsecret-proof.js'
import type { GraphCall } from './graph-call.js'
import { GRAPH_ERRORS, objectMissing, ruleError, type GraphError } from './graph-error.js'
import { sameText, type SandboxPixel } from './pixels.js'
import { isAlive } from './versions.js'

/** What the sandbox thinks of a call: all of its events, or none. */
export type Judgement =
  | { kind: 'accepted'; events: Record<string, unknown>[]; testEventCode?: string }
  | { kind: 'refused'; error: GraphError; broken?: BrokenRule; index?: number }

export interface JudgeOptions {
  /** Which pixels exist; without a list, every one does. */
  pixels?: readonly SandboxPixel[]
  /** `false`: only who may send is checked, and that there is a list of events. */
  strict: boolean
}

/** Judges as Meta does: first the version, then who calls, then the request as a whole, then event by event. */
export function judgeCall(call: GraphCall, options: JudgeOptions, context: RuleContext): Judgement {
  const error = judgeCaller(call, options, context)
  if (error) return { kind: 'refused', error }
  if (!call.parameters) return { kind: 'refused', error: GRAPH_ERRORS.bodyNotRead }

  const broken = firstBroken(REQUEST_RULES, call.parameters, context)
  if (broken) return { kind: 'refused', error: ruleError(broken), broken }

  const events = call.parameters['data'] as Record<string, unknown>[]
  if (options.strict) {
    for (const [index, event] of events.entries()) {
      const broken = judgeEvent(event, context)
      if (broken) return { kind: 'refused', error: ruleError(broken), broken, index }
    }
  }
  const code = call.parameters['test_event_code']
  return { kind: 'accepted', events, ...(typeof code === 'string' && { testEventCode: code }) }
}

/** What Meta has against who calls, whatever is in the call. */
export function judgeCaller(
  call: GraphCall,
  { pixels }: Pick<JudgeOptions, 'pixels'>,
  { nowMs }: Pick<RuleContext, 'nowMs'>,
): GraphError | undefined {
  if (!isAlive(call.version, nowMs)) return GRAPH_ERRORS.deprecatedVersion
  if (call.accessToken === undefined) return GRAPH_ERRORS.badToken
  if (!/^\d+$/.test(call.pixelId)) return GRAPH_ERRORS.malformedId
  if (!pixels) return undefined

  const token = call.accessToken
  const known = pixels.some(({ accessToken }) => accessToken === undefined || sameText(accessToken, token))
  if (!known) return GRAPH_ERRORS.badToken
  const pixel = pixels.find(({ id }) => id === call.pixelId)
  if (!pixel) return objectMissing(call.method, call.pixelId)
  if (pixel.accessToken !== undefined && !sameText(pixel.accessToken, token))
    return objectMissing(call.method, pixel.id)
  if (pixel.appSecret !== undefined && call.appsecretProof !== appsecretProof(token, pixel.appSecret)) {
    return GRAPH_ERRORS.badSignature
  }
  return undefined
}
