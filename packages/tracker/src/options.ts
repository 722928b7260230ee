/**
 * Every option of the tracker, once: as `tracker.init({ pixelId })` and as `<script data-pixel-id="…">`.
 * The README's table is checked against this file.
 */
export interface TrackerOptions {
  /**
   * The pixel, or several of them (a list, or one string with commas), for a page without Meta's snippet: the tracker then sets it up.
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
   * The domain of `_fbp` and `_fbc`.
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
}

export const DEFAULTS = {
  pixelId: '',
  collectorUrl: '',
  loadPixel: true,
  cookieDomain: '',
  globalName: 'tracker',
} satisfies Required<TrackerOptions>

/** Options from a script element's data-attributes: `data-load-pixel="false"`. An attribute without a value means yes. */
export function optionsFromDataset(dataset: DOMStringMap): TrackerOptions {
  const options: Record<string, unknown> = {}
  for (const name of Object.keys(DEFAULTS)) {
    const text = dataset[name]
    if (text !== undefined) options[name] = text === 'false' ? false : text === 'true' || text === '' || text
  }
  return options
}
