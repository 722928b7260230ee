import { h } from '../element.js'
import type { Page } from '../view.js'
import { emptyState } from './pieces.js'

/** Where no event is to be seen: what to do about it. @param filtered whether some are only not shown */
export function noEvents(page: Page, filtered: boolean): HTMLElement {
  if (filtered)
    return emptyState(
      'No event fits',
      h('p', {}, 'Among the latest events that are kept here none fits the filter or the search.'),
    )
  return emptyState(
    'Waiting for the first event',
    h(
      'ol',
      {},
      h('li', {}, 'Put the tracker into your page, from the address at which visitors reach this collector:'),
    ),
    h(
      'pre',
      { tabindex: 0, 'aria-label': 'Script tag' },
      `<script async src="https://YOUR-COLLECTOR/tracker.js" data-pixel-id="${page.setup.pixels[0]?.id ?? 'YOUR-PIXEL-ID'}"></script>`,
    ),
    h(
      'ol',
      { start: 2 },
      h('li', {}, 'Open the page and do something that your Meta Pixel tracks. It shows up here within a second.'),
      h('li', {}, 'Do it again with an ad blocker on: the event comes all the same, marked as recovered.'),
    ),
    page.setup.sandbox &&
      h(
        'p',
        {},
        'With the example shop running: open it, and buy a mirror. Then block Meta’s script, at the foot of the page, and buy another.',
      ),
    h(
      'p',
      { class: 'soft' },
      'Nothing comes? The browser’s console says why; a page of another domain must be in ALLOWED_ORIGINS. ',
      h('code', {}, 'pixel-mirror check'),
      ' tests the rest.',
    ),
  )
}
