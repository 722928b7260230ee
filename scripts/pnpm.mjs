// Runs pnpm on a machine that has only Node and npm: `npx` fetches the version that package.json pins.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const startedByPnpm = /^pnpm\//.test(process.env.npm_config_user_agent ?? '')

/** Runs `pnpm ...args` in the root folder; ends this process with pnpm's exit code when it fails. */
export function pnpm(...args) {
  const [command, before] = startedByPnpm ? ['pnpm', []] : ['npx', ['--yes', packageManager.split('+')[0]]]
  const result = spawnSync(command, [...before, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (result.error) throw result.error
  if (result.status !== 0) process.exit(result.status ?? 1)
}
