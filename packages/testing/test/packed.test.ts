import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The packages as a stranger gets them: packed, and installed into an empty project by npm. */

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const BIN = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))
/** Entries that are no modules. */
const EXTRA_ENTRIES = ['--exclude-entrypoints', './tracker.js', './vectors/*']
const PACKAGES = ['common', 'tracker', 'sandbox', 'collector']

let project: string
let tarballs: Record<string, string>

async function node(script: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project })
  return stdout.trim()
}

const command = async (name: string, ...args: string[]) =>
  (await run(join(project, 'node_modules/.bin', name), args, { cwd: project })).stdout

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'pixel-mirror-packed-'))
  const { packageManager } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  for (const name of PACKAGES) {
    await run('npx', ['--yes', packageManager, 'pack', '--pack-destination', project], {
      cwd: join(ROOT, 'packages', name),
    })
  }
  const files = await readdir(project)
  tarballs = Object.fromEntries(
    PACKAGES.map((name) => [name, join(project, files.find((file) => file.startsWith(`pixel-mirror-${name}-`)) ?? '')]),
  )
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'a-shop', private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', ...Object.values(tarballs)], { cwd: project })
})
afterAll(() => rm(project, { recursive: true, force: true }))

describe('an installed package', () => {
  it.each(PACKAGES)('%s has exports and types that fit each other', async (name) => {
    const tarball = tarballs[name]!

    const publint = await run(join(BIN, 'publint'), ['run', tarball, '--strict'])
    const attw = await run(join(BIN, 'attw'), [tarball, '--profile', 'esm-only', '--no-color', ...EXTRA_ENTRIES])

    expect(publint.stdout).toMatch(/All good/)
    expect(attw.stdout).toContain('🟢 (ESM)')
  })

  it.each(PACKAGES)('%s has a README, and no sources or tests', async (name) => {
    const files = await readdir(join(project, 'node_modules/@pixel-mirror', name))

    expect(files).toContain('README.md')
    expect(files).not.toContain('src')
    expect(files).not.toContain('test')
  })

  it('tracker can be imported where there is no window, and is there as a file', async () => {
    expect(await node(`console.log(Object.keys(await import('@pixel-mirror/tracker')).length > 0)`)).toBe('true')
    const script = await readFile(join(project, 'node_modules/@pixel-mirror/tracker/dist/tracker.js'), 'utf8')
    expect(script).not.toMatch(/^\s*(import|export)\b/m)
  })

  it('collector is a library and a command', async () => {
    expect(await node(`console.log(typeof (await import('@pixel-mirror/collector')).createCollector)`)).toBe('function')
    expect(await command('pixel-mirror', '--help')).toMatch(/start[\s\S]*check[\s\S]*send/)
  })

  it('sandbox is a library and a command', async () => {
    expect(await node(`console.log(typeof (await import('@pixel-mirror/sandbox')).createSandbox)`)).toBe('function')
    expect(await command('pixel-mirror-sandbox', '--help')).toMatch(/port/)
  })

  it('common brings its vectors along as data', async () => {
    const names = await readdir(join(project, 'node_modules/@pixel-mirror/common/vectors'))

    expect(names.filter((name) => name.endsWith('.json')).length).toBeGreaterThan(0)
  })
})
