import type { AppData } from '@pixel-mirror/common'
import type { Draft } from '../draft.js'
import type { Findings } from '../findings.js'
import type { Incoming } from '../prepare.js'
import type { Received } from '../received.js'
import { readCustomerSegmentation } from './customer-segmentation.js'
import { readObject } from './safe-tree.js'

type RareFields = Pick<
  Draft,
  | 'opt_out'
  | 'customer_segmentation'
  | 'original_event_data'
  | 'app_data'
  | 'messaging_channel'
  | 'attribution_data'
  | 'advertiser_tracking_enabled'
  | 'advanced_measurement_table'
>

/** Fields that most events do not have. Those that only an app, a partner or a shop's own system can know are not taken from browsers. */
export function readRareFields(incoming: Incoming, { sender }: Received, findings: Findings): RareFields {
  const trusted = sender === 'server'
  return {
    opt_out: readBoolean(incoming.opt_out, 'opt_out', findings),
    customer_segmentation: readCustomerSegmentation(incoming.customer_segmentation, 'customer_segmentation', findings),
    original_event_data: readObject(incoming.original_event_data, 'original_event_data', findings),
    app_data: trusted ? (readObject(incoming.app_data, 'app_data', findings) as AppData) : undefined,
    messaging_channel: trusted ? readWord(incoming.messaging_channel, 'messaging_channel', findings) : undefined,
    attribution_data: trusted ? readObject(incoming.attribution_data, 'attribution_data', findings) : undefined,
    advertiser_tracking_enabled: trusted
      ? readBoolean(incoming.advertiser_tracking_enabled, 'advertiser_tracking_enabled', findings)
      : undefined,
    advanced_measurement_table: trusted
      ? readWord(incoming.advanced_measurement_table, 'advanced_measurement_table', findings)
      : undefined,
  }
}

const BOOLEANS = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ['true', true],
  ['false', false],
  [1, true],
  [0, false],
  ['1', true],
  ['0', false],
])

function readBoolean(value: unknown, path: string, findings: Findings): boolean | undefined {
  if (value == null || value === '') return undefined
  const read = BOOLEANS.get(value)
  if (read !== value) findings.repair(read === undefined ? `${path}_dropped` : `${path}_text`, path)
  return read
}

const WORD = /^[A-Za-z0-9_.-]{1,100}$/

function readWord(value: unknown, path: string, findings: Findings): string | undefined {
  if (value == null || value === '') return undefined
  if (typeof value === 'string' && WORD.test(value)) return value
  findings.repair(`${path}_dropped`, path)
  return undefined
}
