import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { settingsMarkdown } from '../../src/settings/settings-markdown.js'

const README = new URL('../../../../README.md', import.meta.url)
const BEGIN = '<!-- settings:begin -->'
const END = '<!-- settings:end -->'

/** Cells by row; how wide the formatter makes the columns does not matter. */
const cells = (table: string) =>
  table
    .trim()
    .split('\n')
    .filter((line) => !/^[|\s-]*$/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))

it('has every setting of the table in the README, with unit and default (UPDATE_README=1 writes it)', async () => {
  const readme = await readFile(README, 'utf8')
  const [before, rest = ''] = readme.split(BEGIN)
  const [table = '', after] = rest.split(END)
  if (process.env['UPDATE_README']) {
    await writeFile(README, `${before}${BEGIN}\n\n${settingsMarkdown()}\n\n${END}${after}`)
    return
  }

  expect(cells(table)).toEqual(cells(settingsMarkdown()))
})
