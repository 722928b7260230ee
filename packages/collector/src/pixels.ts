import type { Secret } from './secret.js'

/** One pixel (Events Manager says: dataset) that events are collected for. */
export interface Pixel {
  id: string
  /** The Conversions API token; none while the built-in sandbox stands in for Meta. */
  accessToken?: Secret
  /** Set it to see this pixel's events under Test Events. They count all the same. */
  testEventCode?: string
  /** With it, every request carries `appsecret_proof`. */
  appSecret?: Secret
  /** Origins whose pages may send for this pixel; `https://*.example.com` stands for every subdomain. */
  allowedOrigins: readonly string[]
}

/** The configured pixels as they are now: tokens may be exchanged while the process runs. */
export interface Pixels {
  get(pixelId: string): Pixel | undefined
  all(): readonly Pixel[]
  /** Calls back after a reload. Returns the function that ends it. */
  onChange(listener: () => void): () => void
}
