// The scripts of this folder are served as one: what one of them declares, the others see.

interface Pixel {
  id: string
  agent: string
  eventCount: number
  userData: Record<string, unknown>
  /** Set by the pixel's configuration, unless the page forbade it. */
  firstPartyCookies: boolean
}

/** Meta's function, as a page's base snippet leaves it and as this script completes it. */
interface Fbq {
  (...args: unknown[]): void
  queue: ArrayLike<unknown>[]
  version: string
  callMethod?: (...args: unknown[]) => void
  instance?: { configLoaded: (pixelId: string) => void }
  getState?: () => { pixelInitializationTime: number; pixels: Pixel[] }
  agent?: string
  disablePushState?: boolean
  allowDuplicatePageViews?: boolean
  disableConfigLoading?: boolean
}

interface Window {
  fbq?: Fbq
  _fbq?: Fbq
}
