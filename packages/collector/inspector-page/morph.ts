/**
 * Makes what is on the page look like what was just built, touching only what differs: focus, scroll position, open details and
 * ticked boxes stay as they are.
 *
 * Children are matched by `data-key` where they have one, else by their place. What has the same `data-version` is the same, and not
 * looked into; then it need not even have been built.
 */
export function morph(shown: Element, built: Element): void {
  morphAttributes(shown, built)
  morphChildren(shown, built)
}

/** What the reader has changed is the reader's. */
const READERS = new Set(['open', 'checked', 'value'])

function morphAttributes(shown: Element, built: Element): void {
  for (const { name } of [...shown.attributes]) {
    if (!built.hasAttribute(name) && !READERS.has(name)) shown.removeAttribute(name)
  }
  for (const { name, value } of built.attributes) {
    if (shown.getAttribute(name) === value || READERS.has(name)) continue
    // Under the page's policy a style may be set by property only.
    if (name === 'style') (shown as HTMLElement).style.cssText = value
    else shown.setAttribute(name, value)
  }
}

function morphChildren(shown: Element, built: Element): void {
  const keyed = new Map<string, Element>()
  for (const child of shown.children) {
    const key = keyOf(child)
    if (key !== undefined) keyed.set(key, child)
  }
  let place = shown.firstChild
  for (const next of [...built.childNodes]) {
    const key = keyOf(next)
    const match = key === undefined ? matchAt(place, next) : keyed.get(key)
    if (match && match.nodeName === next.nodeName) {
      if (match === place) place = place.nextSibling
      else shown.insertBefore(match, place)
      if (match instanceof Element && next instanceof Element) {
        if (!isSame(match, next)) morph(match, next)
      } else if (match.nodeValue !== next.nodeValue) {
        match.nodeValue = next.nodeValue
      }
      if (key !== undefined) keyed.delete(key)
    } else {
      shown.insertBefore(next, place)
    }
  }
  while (place) {
    const after: ChildNode | null = place.nextSibling
    place.remove()
    place = after
  }
}

function isSame(shown: Element, built: Element): boolean {
  const version = shown.getAttribute('data-version')
  return shown.hasAttribute('data-own') || (version !== null && version === built.getAttribute('data-version'))
}

/** The child at this place, if it has no key: one with a key belongs elsewhere. */
function matchAt(place: ChildNode | null, next: Node): ChildNode | undefined {
  return place && place.nodeName === next.nodeName && keyOf(place) === undefined ? place : undefined
}

function keyOf(node: Node): string | undefined {
  return node instanceof Element ? (node.getAttribute('data-key') ?? undefined) : undefined
}
