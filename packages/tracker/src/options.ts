/**
 * Every option of the tracker, once: as `tracker.init({ pixelId })` and as `<script data-pixel-id="…">`.
 * The README's table is checked against this file.
 */
export interface TrackerOptions {
  /**
   * The pixel, or several of them (a list, or one string with commas), for a page without Meta's base snippet: the tracker then sets it up.
   *
   * @defaultValue none: the page's own `fbq('init', …)` says it
   */
  pixelId?: string | string[]
  /**
   * Where the copies go.
   *
   * @defaultValue `events` in the folder that the script came from
   */
  collectorUrl?: string
  /**
   * Whether a pixel that the tracker sets up also loads Meta's `fbevents.js`; `false` is server-only.
   *
   * @defaultValue `true`
   */
  loadPixel?: boolean
  /**
   * Whether page views are sent with ids for the first page (where the tracker sets the pixel up), for routes of a single-page app and
   * for pages that come back from the back/forward cache; `false` leaves them to the page and to Meta's own script.
   *
   * @defaultValue `true`
   */
  pageViews?: boolean
  /**
   * Whether the pixel's own automatic events (button clicks, page data) are mirrored, where its internals allow.
   *
   * @defaultValue `true`
   */
  automaticEvents?: boolean
  /**
   * Whether everything waits for `tracker.consent('grant')` or `fbq('consent', 'grant')`, in both channels.
   *
   * @defaultValue `false`
   */
  consentRequired?: boolean
  /**
   * Whether a browser's Global Privacy Control means Limited Data Use, in both channels.
   *
   * @defaultValue `true`
   */
  privacyControl?: boolean
  /**
   * Whether Meta is told to process the data under Limited Data Use, in both channels.
   *
   * @defaultValue `false`
   */
  limitedDataUse?: boolean
  /**
   * Whether a `Purchase` whose `order_id` this browser has reported on an earlier page is left out, in both channels.
   *
   * @defaultValue `true`
   */
  repeatGuard?: boolean
  /**
   * The domain of `_fbp` and `_fbc`, without a dot in front.
   *
   * @defaultValue the registrable domain of the page
   */
  cookieDomain?: string
  /**
   * The name of the tracker's object on `window`.
   *
   * @defaultValue `tracker`
   */
  globalName?: string
  /**
   * Whether the console shows one line per event and hints at mistakes; `?pixel_mirror_debug` in the address does the same.
   *
   * @defaultValue `false`
   */
  debug?: boolean
}

/** The options in force. What is not given is undefined: where that means yes, it is compared with `false`. */
export const options: TrackerOptions = {}

/** Takes options from a script element's data-attributes: `data-load-pixel="false"`. An attribute without a value means yes. */
export const readDataset = (dataset: DOMStringMap): void => {
  for (const name in dataset) {
    ;(options as Record<string, unknown>)[name] = dataset[name] !== 'false' && (dataset[name] || true)
  }
}
