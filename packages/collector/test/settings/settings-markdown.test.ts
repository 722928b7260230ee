import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { settingsMarkdown } from '../../src/settings/settings-markdown.js'

/** Rows without the padding that a formatter gives them. */
const rows = (markdown: string): string[] =>
  markdown
    .split('\n')
    .map((line) => line.replace(/\s*\|\s*/g, '|').replace(/-+/g, '-'))
    .filter((line) => line.startsWith('|'))

it('has every setting in README.md’s table, word for word', () => {
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8')
  const [, table = ''] = /<!-- settings:begin -->([\s\S]*)<!-- settings:end -->/.exec(readme) ?? []

  // If this fails, put `settingsMarkdown()` between the marks.
  expect(rows(table)).toEqual(rows(settingsMarkdown()))
})
