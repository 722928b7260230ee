import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** What the documents point at must be there: pages, tests, commands, settings. What they say of it, other tests and people must check. */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** Every file of the repository, below its root; not what was installed or built, nor what begins with a dot. */
function filesBelow(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || ['node_modules', 'dist', 'data'].includes(entry.name)) return []
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

const FILES = filesBelow()
const DOCUMENTS = FILES.filter((path) => path.endsWith('.md'))
const SOURCES = FILES.filter((path) => /\.(ts|mjs|js)$/.test(path))
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const found = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map(([, what]) => what ?? '')

/** A heading's address, as code hosts make it. */
const anchorOf = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (path: string) => found(/^#+ (.*)$/gm, textOf(path)).map(anchorOf)

/** What is set elsewhere than in the collector: by the tests, by the machine, by the examples' own servers and files. */
const OTHER_VARIABLES = ['API_KEY', 'CHROME_PATH', 'CI', 'COLLECTOR_URL', 'PGPASSWORD', 'SEED', 'SITE', 'TOKEN']
/** The README's table, which a test of the collector's compares with the settings themselves. */
const VARIABLES = found(/^\| `([A-Z_]+)`/gm, textOf('README.md')).flatMap((name) => [name, `${name}_FILE`])

describe.each(DOCUMENTS)('%s', (path) => {
  const text = textOf(path)

  it('links to files and headings that are there', () => {
    const broken = found(/\]\(([^)\s]+)\)/g, text).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : normalize(join(dirname(path), file))
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })

    expect(broken).toEqual([])
  })

  it('names tests and other code that is there, tests also by their titles', () => {
    const collector = 'packages/collector'
    const near = ['', dirname(path), `${collector}/test`, `${collector}/test/http`, collector, `${collector}/src`]
    near.push(...['http', 'pipeline', 'relay'].map((part) => `${collector}/src/${part}`))
    const filesOf = (name: string) => {
      const end = name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')
      return SOURCES.filter((file) => near.some((folder) => new RegExp(`^${end}$`).test(relative(folder, file))))
    }
    const named = found(/`([\w./*-]+\.ts)`/g, text)
    const titles = [...text.matchAll(/`([\w./-]+\.test\.ts)`: "([^"]+)"/g)]

    expect(named.filter((name) => filesOf(name).length === 0)).toEqual([])
    for (const [, name = '', title = ''] of titles) {
      expect(
        filesOf(name).some((file) => textOf(file).includes(title)),
        title,
      ).toBe(true)
    }
  })

  it('names commands that are there', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    const run = found(/(?:^|`)(?:\w+=\S+ )*pnpm ([a-z:]+)/gm, text)
    const files = [
      ...found(/(?:^|`)node ((?:bench|scripts|packages|examples)\/[\w./-]+)/gm, text),
      ...found(/(?:^|`)(scripts\/[\w-]+\.sh)/gm, text),
      ...found(/vitest run --project \w+ (packages\/[\w./-]+)/g, text),
    ]

    expect(run.filter((name) => scripts[name] === undefined && !['audit', 'install'].includes(name))).toEqual([])
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  it('names settings that exist', () => {
    const named = found(/(?:^|[`\s])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?==|`)/gm, text)
    const known = [...VARIABLES, ...OTHER_VARIABLES, 'CONFIG_FILE']
    const ours = new RegExp(`^(?:${VARIABLES.map((name) => name.split('_')[0]).join('|')}|CONFIG)_`)

    expect(named.filter((name) => ours.test(name) && !known.includes(name))).toEqual([])
  })
})
