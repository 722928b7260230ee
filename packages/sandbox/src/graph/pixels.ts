import { timingSafeEqual } from 'node:crypto'

/** A pixel that the sandbox knows. */
export interface SandboxPixel {
  id: string
  /** The only token that may send to it; any token may, if left out. */
  accessToken?: string
  /** When set, each call has to carry the matching `appsecret_proof`. */
  appSecret?: string
}

/** Compares without telling by its duration how much was right: tokens people paste here may be real ones. */
export function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
