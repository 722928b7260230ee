// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { h } from '../../inspector-page/element.js'
import { morph } from '../../inspector-page/morph.js'

let shown: HTMLElement
beforeEach(() => {
  document.body.replaceChildren((shown = h('div')))
})

const list = (...keys: string[]) =>
  h('div', {}, h('ul', {}, ...keys.map((key) => h('li', { 'data-key': key }, key, h('button', {}, 'open')))))
const item = (key: string) => shown.querySelector(`[data-key=${key}]`)

describe('morph()', () => {
  it('makes the shown look like the built', () => {
    morph(shown, h('div', { class: 'a' }, h('p', {}, 'one'), 'two', h('b', {}, 3)))
    expect(shown.outerHTML).toBe('<div class="a"><p>one</p>two<b>3</b></div>')

    morph(shown, h('div', { id: 'x' }, h('p', { title: 't' }, 'four')))
    expect(shown.outerHTML).toBe('<div id="x"><p title="t">four</p></div>')
  })

  it('keeps elements by their key, wherever they go', () => {
    morph(shown, list('a', 'b', 'c'))
    const [a, b, c] = ['a', 'b', 'c'].map(item)

    morph(shown, list('new', 'c', 'a'))

    expect([...shown.querySelectorAll('li')].map((li) => li.dataset['key'])).toEqual(['new', 'c', 'a'])
    expect(item('c')).toBe(c)
    expect(item('a')).toBe(a)
    expect(b?.isConnected).toBe(false)
  })

  it('lets the focus stay where it is while things come before it', () => {
    morph(shown, list('a'))
    const button = item('a')?.querySelector('button')
    button?.focus()

    morph(shown, list('c', 'b', 'a'))

    expect(document.activeElement).toBe(button)
  })

  it('leaves to the reader what the reader has opened, ticked and typed', () => {
    const build = (text: string) =>
      h('div', {}, h('details', {}, h('summary', {}, text)), h('input', { type: 'search' }))
    morph(shown, build('one'))
    shown.querySelector('details')?.setAttribute('open', '')
    const input = shown.querySelector('input') as HTMLInputElement
    input.value = 'typed'

    morph(shown, build('two'))

    expect(shown.querySelector('details')?.hasAttribute('open')).toBe(true)
    expect(shown.querySelector('summary')?.textContent).toBe('two')
    expect(input.value).toBe('typed')
  })

  it('leaves alone what has the same version, which then need not be built', () => {
    const build = (version: string, ...children: string[]) =>
      h('div', {}, h('p', { 'data-key': 'a', 'data-version': version }, ...children))
    morph(shown, build('1', 'whole'))

    morph(shown, build('1'))
    expect(shown.textContent).toBe('whole')

    morph(shown, build('2', 'new'))
    expect(shown.textContent).toBe('new')
  })

  it('does not look into what keeps itself', () => {
    const build = () => h('div', {}, h('div', { 'data-own': true }))
    morph(shown, build())
    shown.firstElementChild?.append('mine')

    morph(shown, build())

    expect(shown.textContent).toBe('mine')
  })
})

it('sets no markup from text', () => {
  expect(h('p', {}, '<img src=x onerror=alert(1)>').innerHTML).toBe('&lt;img src=x onerror=alert(1)&gt;')
})
