/** One request of the pixel to `/tr`, with its bracketed parameters gathered. */
export interface BrowserHit {
  /** `id` */
  pixel_id: string
  /** `ev` */
  event_name: string
  /** `eid` */
  event_id?: string
  /** `cd[…]`: lists and objects arrive as JSON text and stay so. */
  custom_data: Record<string, string>
  /** `ud[…]`: hashed by the pixel. */
  user_data: Record<string, string>
  /** `dl` */
  event_source_url?: string
  /** `rl` */
  referrer_url?: string
  /** Everything else that came (`fbp`, `fbc`, `ts`, `dpo`, `noscript`, …). */
  other: Record<string, string>
}

const NAMES = {
  id: 'pixel_id',
  ev: 'event_name',
  eid: 'event_id',
  dl: 'event_source_url',
  rl: 'referrer_url',
} as const

const GROUPS = { cd: 'custom_data', ud: 'user_data' } as const

/** Reads what the pixel sent. Like Meta's own endpoint it never complains. */
export function readHit(parameters: Iterable<[string, string]>): BrowserHit {
  const hit: BrowserHit = { pixel_id: '', event_name: '', custom_data: {}, user_data: {}, other: {} }
  for (const [name, value] of parameters) {
    const [, group, key] = /^(cd|ud)\[(.+)\]$/.exec(name) ?? []
    if (group && key) hit[GROUPS[group as keyof typeof GROUPS]][key] = value
    else if (Object.hasOwn(NAMES, name)) hit[NAMES[name as keyof typeof NAMES]] = value
    else hit.other[name] = value
  }
  if (hit.event_id === '') delete hit.event_id
  return hit
}
