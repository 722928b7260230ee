import { once } from 'node:events'
import { parseArgs } from 'node:util'
import type { Keep } from './copies/ledger.js'
import type { SandboxPixel } from './graph/pixels.js'
import type { Control, SandboxOptions } from './options.js'
import { createSandbox } from './sandbox.js'

export const SANDBOX_USAGE = `Usage: pixel-mirror-sandbox [options]

A local stand-in for Meta: the Conversions API with its rules, the pixel's /tr, and a page that shows what arrived.

Options:
  --port <number>        where to listen (default 8090; 0 takes any free port)
  --host <address>       on which address (default 127.0.0.1: this machine only)
  --pixel <id[:token]>   a pixel that exists, with the token it takes; may be repeated
                         (default: every numeric id exists and takes any token)
  --lenient              count events, do not judge them
  --keep <what>          all, ids or counts: how much to remember of them (default all)
  --control <who>        loopback, anyone or nobody may see the copies and steer (default loopback)
  --help                 show this

Exit codes: 0 stopped as asked, 1 could not listen, 64 wrong options.
`

/** Where the command writes, and what ends it. */
export interface Surroundings {
  signal: AbortSignal
  /** @defaultValue `process.stdout.write` */
  print?: (text: string) => void
  /** @defaultValue `process.stderr.write` */
  complain?: (text: string) => void
}

/** The command `pixel-mirror-sandbox`: runs until the signal is aborted, and returns the exit code. */
export async function runSandbox(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const {
    signal,
    print = (text) => process.stdout.write(text),
    complain = (text) => process.stderr.write(text),
  } = surroundings
  const asked = readArguments(argv)
  if (asked.kind === 'help') {
    print(SANDBOX_USAGE)
    return 0
  }
  if (asked.kind === 'wrong') {
    complain(`${asked.message}\nTry pixel-mirror-sandbox --help.\n`)
    return 64
  }

  const sandbox = createSandbox(asked.options)
  try {
    const { url } = await sandbox.start(asked.port, asked.host)
    print(welcome(url, asked.options))
  } catch (error) {
    complain(`${explain(error, asked.port, asked.host)}\n`)
    return 1
  }
  if (!signal.aborted) await once(signal, 'abort')
  const { counted, refusedRequests } = sandbox.counts()
  await sandbox.stop()
  print(`Stopped. ${counted} events counted, ${refusedRequests} requests refused.\n`)
  return 0
}

type Asked =
  | { kind: 'run'; port: number; host: string; options: SandboxOptions }
  | { kind: 'help' }
  | { kind: 'wrong'; message: string }

function readArguments(argv: readonly string[]): Asked {
  let values
  try {
    ;({ values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string', default: '8090' },
        host: { type: 'string', default: '127.0.0.1' },
        pixel: { type: 'string', multiple: true },
        lenient: { type: 'boolean', default: false },
        keep: { type: 'string', default: 'all' },
        control: { type: 'string', default: 'loopback' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }))
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message }
  }
  if (values.help) return { kind: 'help' }

  const port = Number(values.port)
  const pixels = values.pixel?.map(readPixel)
  const problems = [
    !/^\d+$/.test(values.port) || port > 65_535 ? `--port must be 0 to 65535, not "${values.port}".` : '',
    isOneOf(values.keep, KEEPS) ? '' : `--keep must be one of ${KEEPS.join(', ')}, not "${values.keep}".`,
    isOneOf(values.control, CONTROLS)
      ? ''
      : `--control must be one of ${CONTROLS.join(', ')}, not "${values.control}".`,
    pixels?.some(({ id }) => !/^\d+$/.test(id))
      ? '--pixel must begin with a number: 1234567890 or 1234567890:token.'
      : '',
  ].filter(Boolean)
  if (problems.length > 0) return { kind: 'wrong', message: problems.join('\n') }

  const { keep, control } = values as { keep: Keep; control: Control }
  const options = { strict: !values.lenient, keep, control, ...(pixels && { pixels }) }
  return { kind: 'run', port, host: values.host, options }
}

const KEEPS: readonly Keep[] = ['all', 'ids', 'counts']
const CONTROLS: readonly Control[] = ['loopback', 'anyone', 'nobody']

function isOneOf(value: string, allowed: readonly string[]): boolean {
  return allowed.includes(value)
}

function readPixel(text: string): SandboxPixel {
  const [id = '', ...token] = text.split(':')
  return token.length > 0 ? { id, accessToken: token.join(':') } : { id }
}

function welcome(url: string, { pixels, strict }: SandboxOptions): string {
  const known = pixels ? `the pixels ${pixels.map(({ id }) => id).join(', ')}` : 'every pixel and token'
  return `Sandbox: stands in for Meta, takes ${known}${strict ? '' : ', judges nothing'}.
  What arrived:     ${url}/
  Conversions API:  META_GRAPH_URL=${url}
  Pixel script:     ${url}/en_US/fbevents.js
  Misbehave:        curl -X POST ${url}/sandbox/behave -H 'content-type: application/json' -d '{"kind":"throttle","times":3}'
Press Ctrl+C to stop.
`
}

function explain(error: unknown, port: number, host: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `Port ${port} is taken. Choose another with --port, or --port 0 for any free one.`
  if (code === 'EACCES') return `Port ${port} may not be opened. Choose one above 1023 with --port.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no address "${host}". See --host.`
  return `Could not listen on ${host}:${port}: ${message}`
}
