/** Builds elements without markup in strings: the page's policy forbids those, and then nothing needs escaping. */

export type Child = Node | string | number | false | null | undefined | readonly Child[]

/** `style` sets single properties, which the policy allows where a style attribute would be refused. */
export type Attributes = Record<string, string | number | boolean | null | undefined> & {
  style?: never
}

const SVG = 'http://www.w3.org/2000/svg'

export function h(name: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return fill(document.createElement(name), attributes, children)
}

/** The same for SVG. */
export function svg(name: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS(SVG, name), attributes, children)
}

/** Places an element along an axis, or makes it so long, in percent. */
export function withStyle<E extends HTMLElement | SVGElement>(element: E, style: Record<string, string>): E {
  for (const [property, value] of Object.entries(style)) element.style.setProperty(property, value)
  return element
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value))
  }
  append(element, children)
  return element
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === false || child === null || child === undefined) continue
    if (Array.isArray(child)) append(element, child as readonly Child[])
    else element.append(typeof child === 'number' ? String(child) : (child as Node | string))
  }
}
