/**
 * Starts what a compose file says, without a container engine: each service in a network, with a name and an address of its own, on a root that
 * holds only what the file mounts, with the programs that this machine has in place of the images. Needs root, `ip` and `bwrap`.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@pixel-mirror/testing'
import { parse } from 'yaml'

export interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  secrets?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
}

interface Compose {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
}

/** A file of the repository. */
export const pathOf = (file: string) => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))

const ROOT = pathOf('')
const SYSTEM = ['/usr', '/etc/ssl', '/etc/nsswitch.conf', '/etc/ld.so.cache', '/etc/alternatives']
const HOST = 1
const PATIENTLY_MS = 60_000

const ip = (...args: string[]) => {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

/** Whether this machine can. */
export const CAN_START_CONTAINERS = (() => {
  try {
    ip('netns', 'add', 'pm-try')
    return (
      spawnSync('ip', ['netns', 'exec', 'pm-try', 'bwrap', '--ro-bind', '/', '/', '--unshare-user', 'true']).status ===
      0
    )
  } catch {
    return false
  } finally {
    spawnSync('ip', ['netns', 'del', 'pm-try'])
  }
})()

/** What an image does, with programs of this machine: its arguments, what its own environment is, and whether it needs a user of its own. */
export interface StandIn {
  command: (service: Service) => string[]
  environment?: Record<string, string>
  uid?: number
  /** Where the image itself declares how it is looked after. */
  healthcheck?: string[]
}

export interface Container {
  address: string
  start(): Promise<void>
  /** Returns how it ended. */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
  output(): string
}

export interface StartedCompose {
  containers: Record<string, Container>
  /** This machine's address in the network. */
  host: string
  stop(): Promise<void>
}

/** @param variables for `${…}` in the file; a secret is the text `token` */
export async function startCompose(
  file: string,
  images: Record<string, StandIn>,
  variables: (addressOf: (name: string) => string) => Record<string, string>,
  more: (host: string) => Record<string, Record<string, string>>,
  edit: (mounted: string, text: string) => string = (_, text) => text,
): Promise<StartedCompose> {
  const { services, secrets } = parse(readFileSync(pathOf(file), 'utf8'), { merge: true }) as Compose
  const names = Object.keys(services)
  const folder = mkdtempSync(join(tmpdir(), 'pixel-mirror-compose-'))
  const tag = folder.slice(-6).toLowerCase()
  const net = 2 + (process.pid % 250)
  const addressOf = (name: string) => `10.213.${net}.${10 + names.indexOf(name)}`
  const host = `10.213.${net}.${HOST}`
  const values = variables(addressOf)
  const bridge = `pm${tag}`
  const netns = (name: string) => `pm-${tag}-${names.indexOf(name)}`
  const hosts = join(folder, 'hosts')
  writeFileSync(hosts, ['127.0.0.1 localhost', ...names.map((name) => `${addressOf(name)} ${name}`)].join('\n'))
  const users = join(folder, 'passwd')
  writeFileSync(users, ['root:x:0:0::/tmp:', 'postgres:x:999:999::/tmp:', 'node:x:1000:1000::/tmp:'].join('\n'))
  const token = join(folder, 'secret')
  writeFileSync(token, 'token')

  ip('link', 'add', bridge, 'type', 'bridge')
  ip('addr', 'add', `${host}/24`, 'dev', bridge)
  ip('link', 'set', bridge, 'up')
  for (const [index, name] of names.entries()) {
    const [outer, inner] = [`v${index}${tag}`, `w${index}${tag}`]
    ip('netns', 'add', netns(name))
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner)
    ip('link', 'set', inner, 'netns', netns(name))
    ip('link', 'set', outer, 'master', bridge)
    ip('link', 'set', outer, 'up')
    ip('-n', netns(name), 'addr', 'add', `${addressOf(name)}/24`, 'dev', inner)
    ip('-n', netns(name), 'link', 'set', inner, 'up')
    ip('-n', netns(name), 'link', 'set', 'lo', 'up')
  }

  /** `${NAME}` and `${NAME:?what it is}` */
  const filledIn = (text: string) =>
    text.replace(/\$\{(\w+)(:\?[^}]*)?\}/g, (_, name: string) => {
      const value = values[name]
      if (value === undefined) throw new Error(`${file} asks for ${name}.`)
      return value
    })

  function mountsOf({ volumes = [], secrets: own = [] }: Service, name: string): string[] {
    const mounts = volumes.flatMap((volume) => {
      const [from = '', to = '', how] = volume.split(':')
      if (!from.startsWith('.')) {
        mkdirSync(join(folder, name, from), { recursive: true })
        return ['--bind', join(folder, name, from), to]
      }
      const copy = join(folder, `${name}-${to.replaceAll('/', '-')}`)
      writeFileSync(copy, edit(to, readFileSync(pathOf(from), 'utf8')))
      return [how === 'ro' ? '--ro-bind' : '--bind', copy, to]
    })
    return [
      ...mounts,
      ...own.flatMap((secret) => ['--ro-bind', secrets[secret] ? token : '', `/run/secrets/${secret}`]),
    ]
  }

  function containerOf(name: string): Container {
    const service = services[name]!
    const standIn = images[service.image.split(':')[0]!]!
    let child: ChildProcess | undefined
    let output = ''
    const inNetwork = (command: readonly string[]) => ['netns', 'exec', netns(name), ...command]
    const isWell = (test: readonly string[]) => spawnSync('ip', inNetwork(test), { stdio: 'ignore' }).status === 0

    return {
      address: addressOf(name),
      output: () => output,
      async start() {
        const environment = {
          PATH: '/usr/bin:/usr/sbin',
          HOME: '/tmp',
          ...standIn.environment,
          ...Object.fromEntries(
            Object.entries(service.environment ?? {}).map(([key, value]) => [key, filledIn(value)]),
          ),
          ...more(host)[name.replace(/-\d+$/, '')],
        }
        const started = spawn(
          'ip',
          inNetwork([
            ...['bwrap', '--die-with-parent', '--tmpfs', '/', '--dir', '/etc'],
            ...SYSTEM.flatMap((path) => ['--ro-bind-try', path, path]),
            ...['bin', 'sbin', 'lib', 'lib64'].flatMap((path) => ['--symlink', `usr/${path}`, `/${path}`]),
            ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--ro-bind', hosts, '/etc/hosts'],
            ...['--ro-bind', users, '/etc/passwd'],
            ...['--ro-bind', ROOT, ROOT],
            ...mountsOf(service, name),
            ...(standIn.uid === undefined
              ? []
              : ['--unshare-user', '--uid', String(standIn.uid), '--gid', String(standIn.uid)]),
            ...['--remount-ro', '/', '--chdir', '/tmp', '--clearenv'],
            ...Object.entries(environment).flatMap(([key, value]) => ['--setenv', key, value]),
            ...standIn.command(service),
          ]),
          { stdio: ['ignore', 'pipe', 'pipe'] },
        )
        child = started
        for (const stream of [started.stdout, started.stderr]) {
          stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
        }
        const test = standIn.healthcheck ?? service.healthcheck?.test.slice(1)
        await eventually(
          `${name} to be well`,
          () => {
            if (started.exitCode !== null) throw new Error(`${name} ended:\n${output}`)
            return test === undefined || isWell(test)
          },
          PATIENTLY_MS,
        ).catch((error: unknown) => {
          throw new Error(`${String(error)}\n${output}`)
        })
      },
      async stop(signal) {
        const ending = child
        child = undefined
        if (ending?.pid === undefined || ending.exitCode !== null) return ending?.exitCode ?? 0
        const ended = once(ending, 'close') as Promise<[number | null, NodeJS.Signals | null]>
        process.kill(innermost(ending.pid), signal)
        const [code, by] = await ended
        return by ?? code ?? 0
      },
    }
  }

  const containers = Object.fromEntries(names.map((name) => [name, containerOf(name)]))
  async function stop(): Promise<void> {
    await Promise.all(Object.values(containers).map((container) => container.stop('SIGKILL')))
    for (const name of names) ip('netns', 'del', netns(name))
    ip('link', 'del', bridge)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const begun = new Map<string, Promise<void>>()
    const begin = (name: string): Promise<void> => {
      const before =
        begun.get(name) ??
        Promise.all(Object.keys(services[name]!.depends_on ?? {}).map(begin)).then(() => containers[name]!.start())
      begun.set(name, before)
      return before
    }
    await Promise.all(names.map(begin))
    return { containers, host, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The program itself, below `bwrap`. */
function innermost(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  return name === 'bwrap' && children[0] ? innermost(Number(children[0])) : pid
}

/** The Dockerfile's `HEALTHCHECK`. */
export const healthcheckOf = (dockerfile: string) =>
  JSON.parse(/HEALTHCHECK[^[]*(\[.*\])/.exec(readFileSync(pathOf(dockerfile), 'utf8'))![1]!) as string[]
