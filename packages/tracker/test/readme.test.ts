import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { VERSION } from '../src/version.js'

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')

/** Every option as its own comment describes it. */
function optionsInCode() {
  const source = read('../src/options.ts')
  return [...source.matchAll(/^ {2}\/\*\*\n([^]*?)\*\/\n {2}(\w+)\?:/gm)].map(([, comment, name]) => {
    const lines = comment!.split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    const [description, fallback] = lines.join(' ').split('@defaultValue')
    return { name: name!, description: tidy(description!), fallback: tidy(fallback!) }
  })
}

const tidy = (text: string) => text.replace(/\s+/g, ' ').trim()
const attributeOf = (name: string) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

it('the README’s table says of each option what its own comment says', () => {
  const table = [...read('../README.md').matchAll(/^\| `(\w+)` +\| `(data-[\w-]+)` +\| (.+?) +\| (.+?) +\|$/gm)]

  expect(
    table.map(([, name, attribute, fallback, description]) => ({ name, attribute, fallback, description })),
  ).toEqual(
    optionsInCode().map(({ name, description, fallback }) => ({
      name,
      attribute: attributeOf(name),
      fallback,
      description,
    })),
  )
})

it('the version that travels with every request is the package’s', () => {
  expect(read('../package.json')).toContain(`"version": "${VERSION}"`)
})
