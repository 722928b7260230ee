// Writes THIRD-PARTY-LICENSES.md: what gets installed along with each published package, and under which licence. With `--check` it only compares.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('../THIRD-PARTY-LICENSES.md', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGES = ['common', 'tracker', 'collector', 'sandbox']

/** Packages that hold one binary per platform: which of them is installed depends on the machine. */
const PER_PLATFORM = /-(linux|darwin|win32|freebsd|android)-|^@libsql\/(linux|darwin|win32)/

/** Licences that let anyone use, change and pass on, and ask for no more than to be named. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT/X11',
  'Unlicense',
])

const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function installedWith(name) {
  const filter = `--filter=@pixel-mirror/${name}`
  const { stdout, status } = spawnSync(
    'npx',
    ['--yes', packageManager, filter, 'licenses', 'list', '--prod', '--json'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    },
  )
  if (status !== 0) throw new Error(`pnpm cannot list the licences of ${name}:\n${stdout}`)
  if (!stdout.trim().startsWith('{')) return []
  return Object.entries(JSON.parse(stdout))
    .flatMap(([licence, packages]) => packages.map((one) => ({ ...one, licence })))
    .filter((one) => !one.name.startsWith('@pixel-mirror/') && !PER_PLATFORM.test(one.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function section(name, installed) {
  if (installed.length === 0) return `## @pixel-mirror/${name}\n\nNothing.\n`
  const rows = installed.map(
    (one) => `| \`${one.name}\` | ${one.versions.join(', ')} | ${one.licence} | ${one.author ?? ''} |`,
  )
  return `## @pixel-mirror/${name}\n\n| Package | Version | Licence | Author |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

const all = PACKAGES.map((name) => [name, installedWith(name)])
const foreign = all.flatMap(([, installed]) => installed).filter(({ licence }) => !PERMISSIVE.has(licence))
if (foreign.length > 0) {
  console.error(
    `Not permissive, or not known: ${[...new Set(foreign.map(({ name, licence }) => `${name} (${licence})`))].join(', ')}`,
  )
  process.exit(1)
}

const text = [
  '# Third-party licences',
  '',
  'What gets installed along with each package, made by `node scripts/list-licences.mjs`. The texts of the licences lie in the packages themselves.',
  "`libsql` also brings one package with its binary for the machine's platform, under the same licence. `tracker.js` has js-cookie (MIT) built in.",
  '',
  all.map(([name, installed]) => section(name, installed)).join('\n'),
].join('\n')

if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('THIRD-PARTY-LICENSES.md is out of date: run `node scripts/list-licences.mjs`.')
  process.exit(1)
}
