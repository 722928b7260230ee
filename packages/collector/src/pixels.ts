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

/** The pixels, and the way to exchange them. */
export interface ReloadablePixels extends Pixels {
  /**
   * Reads the pixels again and tells the listeners if anything is different.
   *
   * @returns whether anything is different
   * @throws whatever reading throws (a `SettingsError`, as a rule); the pixels stay as they were
   */
  reload(): boolean
}

/**
 * Keeps the configured pixels.
 *
 * @param initial the pixels at start
 * @param read reads them again, from the same files and variables; without it a reload changes nothing
 */
export function createPixels(initial: readonly Pixel[], read?: () => readonly Pixel[]): ReloadablePixels {
  let pixels = initial
  let byId = index(pixels)
  const listeners = new Set<() => void>()
  return {
    get: (pixelId) => byId.get(pixelId),
    all: () => pixels,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    reload() {
      const next = read?.() ?? pixels
      if (fingerprint(next) === fingerprint(pixels)) return false
      pixels = next
      byId = index(next)
      for (const listener of listeners) listener()
      return true
    },
  }
}

function index(pixels: readonly Pixel[]): Map<string, Pixel> {
  return new Map(pixels.map((pixel) => [pixel.id, pixel]))
}

/** Everything about the pixels as one text, in memory only: secrets print as `[secret]`, so they are revealed here. */
function fingerprint(pixels: readonly Pixel[]): string {
  return JSON.stringify(
    pixels.map(({ id, accessToken, appSecret, testEventCode, allowedOrigins }) => [
      id,
      accessToken?.reveal(),
      appSecret?.reveal(),
      testEventCode,
      allowedOrigins,
    ]),
  )
}
