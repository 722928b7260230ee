import type { Setting } from './table.js'

/** A value as it was given, and what to call it in a problem; or why it cannot be had; or nothing. */
export type Given = { value: unknown; name: string } | { unreadable: string } | undefined

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads a text file, or throws as `node:fs` does. */
export type ReadFile = (path: string) => string

/** An empty variable counts as not set: that is what `${X:-}` in a compose file gives. */
export function fromEnvironment(setting: Setting, env: Environment, readFile: ReadFile): Given {
  const value = env[setting.env]
  const path = setting.secret ? env[`${setting.env}_FILE`] : undefined
  if (value && path) return { unreadable: `${setting.env} and ${setting.env}_FILE are both set: keep one` }
  if (value) return { value, name: setting.env }
  return path ? fromSecretFile(path, `${setting.env}_FILE`, readFile) : undefined
}

/** The same from an object of a configuration file; `where` names the object. */
export function fromObject(
  setting: Setting,
  key: string,
  object: Readonly<Record<string, unknown>>,
  where: string,
  readFile: ReadFile,
): Given {
  const path = setting.secret ? object[`${key}File`] : undefined
  if (object[key] !== undefined && path !== undefined) {
    return { unreadable: `${where}: ${key} and ${key}File are both set: keep one` }
  }
  if (object[key] !== undefined) return { value: object[key], name: `${where}: ${key}` }
  if (path === undefined) return undefined
  if (typeof path !== 'string') return { unreadable: `${where}: ${key}File must be a path` }
  return fromSecretFile(path, `${where}: ${key}File`, readFile)
}

function fromSecretFile(path: string, name: string, readFile: ReadFile): Given {
  try {
    return { value: readFile(path).trim(), name: `${name} (${path})` }
  } catch (error) {
    return { unreadable: `${name} names ${path}, which cannot be read (${errorCode(error)})` }
  }
}

/** `ENOENT` and its like: says enough, and never holds what the file holds. */
export function errorCode(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error')
}
