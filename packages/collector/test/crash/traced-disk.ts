/**
 * What a disk would hold if the power failed, worked out from the system calls of a process.
 *
 * `strace` notes what a process wrote to its files and when it synced them. What was synced is on the disk for certain. What was written
 * since may be there, or not, or half: nobody promises anything. A new file is there when its folder was synced.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** One thing the process did, in the order in which it had effect. */
export type TracedCall =
  | { call: 'create'; path: string }
  | { call: 'write'; path: string; offset: number; data: Buffer }
  | { call: 'truncate'; path: string; length: number }
  | { call: 'sync'; path: string }
  | { call: 'print'; text: string }

/** Arguments for `strace`: only these calls, with all of their data, on these paths. */
export function straceArguments(output: string, paths: readonly string[]): string[] {
  const calls = 'openat,pwrite64,write,fsync,fdatasync,ftruncate'
  return [
    '-f',
    '-y',
    '-xx',
    '-s',
    '4000000',
    '-e',
    `trace=${calls}`,
    ...paths.flatMap((path) => ['-P', path]),
    '-o',
    output,
  ]
}

/** Reads a trace. What is printed counts from when the call begins, everything else from when it has ended. */
export function* tracedCalls(file: string): Generator<TracedCall> {
  const unfinished = new Map<string, string>()
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [, thread = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(call)?.[1]
    if (resumed !== undefined) {
      const whole = parse((unfinished.get(thread) ?? '') + resumed)
      if (whole !== undefined && whole.call !== 'print') yield whole
      continue
    }
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(call)?.[1]
    if (begun === undefined) {
      const whole = parse(call)
      if (whole !== undefined) yield whole
      continue
    }
    unfinished.set(thread, begun)
    const print = parse(`${begun}) = 0`)
    if (print?.call === 'print') yield print
  }
}

function parse(call: string): TracedCall | undefined {
  const [, name, fd, rest = ''] = /^(\w+)\((?:AT_FDCWD<[^>]*>|\d+<([^>]*)>)(?:, )?(.*)\) += \d+/.exec(call) ?? []
  const path = basename(decode(fd ?? '').toString())
  switch (name) {
    case 'pwrite64': {
      const [, text = '', offset] = /^"([^"]*)", \d+, (\d+)$/.exec(rest) ?? []
      return { call: 'write', path, offset: Number(offset), data: decode(text) }
    }
    case 'write':
      return { call: 'print', text: decode(/^"([^"]*)"/.exec(rest)?.[1] ?? '').toString() }
    case 'ftruncate':
      return { call: 'truncate', path, length: Number(rest) }
    case 'fsync':
    case 'fdatasync':
      return { call: 'sync', path }
    case 'openat': {
      const [, text = ''] = /^"([^"]*)", [A-Z_|]*O_CREAT/.exec(rest) ?? []
      return text === '' ? undefined : { call: 'create', path: basename(decode(text).toString()) }
    }
    default:
      return undefined
  }
}

const decode = (text: string) =>
  text.includes('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text)

type Change = { offset: number; data: Buffer } | { length: number }

interface TracedFile {
  /** The folder has been synced since it was created. */
  isNamed: boolean
  durable: Buffer
  length: number
  sinceSync: Change[]
}

const SECTOR_BYTES = 512

export class TracedDisk {
  readonly #folder: string
  readonly #files = new Map<string, TracedFile>()

  constructor(folder: string) {
    this.#folder = basename(folder)
  }

  /** Has a file from before the trace began, all of it synced. */
  holds(path: string, bytes: Buffer): void {
    this.#files.set(path, { isNamed: true, durable: bytes, length: bytes.length, sinceSync: [] })
  }

  apply(call: Exclude<TracedCall, { call: 'print' }>): void {
    const file = this.#file(call.path)
    switch (call.call) {
      case 'create':
        return
      case 'write':
        file.sinceSync.push(call)
        return
      case 'truncate':
        file.sinceSync.push(call)
        return
      case 'sync':
        if (call.path === this.#folder) for (const one of this.#files.values()) one.isNamed = true
        for (const change of file.sinceSync.splice(0)) applyTo(file, change)
    }
  }

  /** The files as they are found after a power cut now. What was not synced is there by chance, sector by sector. */
  afterPowerCut(chance: () => number): Map<string, Buffer> {
    const found = new Map<string, Buffer>()
    for (const [path, file] of this.#files) {
      if (!file.isNamed || path === this.#folder) continue
      const copy = { ...file, durable: Buffer.from(file.durable.subarray(0, file.length)) }
      const kept = chance()
      for (const change of file.sinceSync) {
        if ('length' in change) {
          if (chance() < kept) applyTo(copy, change)
          continue
        }
        for (let at = 0; at < change.data.length; at += SECTOR_BYTES) {
          const data = change.data.subarray(at, at + SECTOR_BYTES)
          if (chance() < kept) applyTo(copy, { offset: change.offset + at, data })
        }
      }
      found.set(path, copy.durable.subarray(0, copy.length))
    }
    return found
  }

  #file(path: string): TracedFile {
    let file = this.#files.get(path)
    if (file === undefined) {
      file = { isNamed: false, durable: Buffer.alloc(0), length: 0, sinceSync: [] }
      this.#files.set(path, file)
    }
    return file
  }
}

function applyTo(file: TracedFile, change: Change): void {
  if ('length' in change) {
    file.length = change.length
    return
  }
  const end = change.offset + change.data.length
  if (end > file.durable.length) {
    const larger = Buffer.alloc(2 * end)
    file.durable.copy(larger)
    file.durable = larger
  }
  change.data.copy(file.durable, change.offset)
  file.length = Math.max(file.length, end)
}
