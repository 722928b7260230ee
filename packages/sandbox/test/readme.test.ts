import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { MANNERS } from '../src/behaviour/read-behaviour.js'
import { rulesTable } from '../src/index.js'
import { WARNINGS } from '../src/rules/warnings.js'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The cells of the rows between two marks, without the head. */
function table(name: string): string[][] {
  const [, text = ''] = new RegExp(`<!-- ${name} -->(.*)<!-- /${name} -->`, 's').exec(readme) ?? []
  return rowsOf(text).slice(1)
}

function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|') && !/^\|[\s|:-]+$/.test(line))
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

it('lists every rule', () => {
  expect(table('rules')).toEqual(
    rulesTable().map(({ name, subcode, message, evidence }) => [
      `\`${name}\``,
      String(subcode ?? ''),
      message.replace('The parameter {field}', 'A parameter'),
      evidence,
    ]),
  )
})

it('lists every warning', () => {
  expect(table('warnings')).toEqual(WARNINGS.map(({ name, message }) => [`\`${name}\``, message]))
})

it('lists every behaviour with its fields', () => {
  const listed = rowsOf(readme).filter(([kind]) => Object.hasOwn(MANNERS, kind?.replaceAll('`', '') ?? ''))

  expect(listed.map(([kind, fields]) => [kind, fields])).toEqual(
    Object.entries(MANNERS).map(([kind, fields]) => [
      `\`${kind}\``,
      Object.keys(fields)
        .map((field) => `\`${field.replace('!', '')}\``)
        .join(', '),
    ]),
  )
})
