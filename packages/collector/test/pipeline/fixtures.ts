import type { Draft } from '../../src/pipeline/draft.js'
import type { PipelineOptions } from '../../src/pipeline/pipeline-options.js'
import type { Received } from '../../src/pipeline/received.js'
import { createPixels } from '../../src/pixels.js'

/** The moment at which every request of these tests arrives: 24 November 2026, noon, UTC. */
export const NOW_MS = Date.UTC(2026, 10, 24, 12)
export const NOW = NOW_MS / 1000

export const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
export const PIXEL_ID = '1234567890'

export function fromBrowser(over: Partial<Received> = {}): Received {
  return {
    sender: 'browser',
    receivedAtMs: NOW_MS,
    clientIpAddress: '203.0.113.9',
    clientUserAgent: USER_AGENT,
    origin: 'https://shop.example',
    prefetch: false,
    ...over,
  }
}

export function fromServer(over: Partial<Received> = {}): Received {
  return { sender: 'server', receivedAtMs: NOW_MS, prefetch: false, ...over }
}

export function pipelineOptions(over: Partial<PipelineOptions> = {}): PipelineOptions {
  return {
    pixels: createPixels([{ id: PIXEL_ID, allowedOrigins: [] }]),
    isBot: () => false,
    randomId: () => 'made-up',
    ...over,
  }
}

export const PURCHASE = {
  event_name: 'Purchase',
  event_time: NOW - 5,
  event_id: 'order-1001',
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  user_data: { em: 'John_Smith@gmail.com', fbp: 'fb.1.1763999000000.1234567890' },
  custom_data: { value: 19.9, currency: 'EUR', contents: [{ id: 'sku1', quantity: 1, item_price: 19.9 }] },
}

/** A draft between two steps of the pipeline. */
export function draft(over: Partial<Draft> = {}): Draft {
  return {
    event_name: 'Lead',
    event_time: NOW,
    event_id: undefined,
    action_source: 'website',
    event_source_url: undefined,
    referrer_url: undefined,
    user_data: {},
    custom_data: undefined,
    opt_out: undefined,
    data_processing_options: undefined,
    data_processing_options_country: undefined,
    data_processing_options_state: undefined,
    customer_segmentation: undefined,
    original_event_data: undefined,
    app_data: undefined,
    messaging_channel: undefined,
    attribution_data: undefined,
    advertiser_tracking_enabled: undefined,
    advanced_measurement_table: undefined,
    ...over,
  }
}
