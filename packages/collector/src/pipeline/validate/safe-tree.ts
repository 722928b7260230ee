import type { Findings } from '../findings.js'
import { lastOf } from './texts.js'

/** Nothing that Meta defines is nested deeper than four. */
const MAX_DEPTH = 8

/** Keys of one object; what has more is a dump, not an event. */
const MAX_KEYS = 256

/** Could change the prototype of an object that somebody merges them into. They are never copied. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * A JSON value without what may not travel on: dangerous keys, nesting without end, empty (`null`) properties.
 *
 * The same value is returned when nothing is wrong with it, which costs a walk and no copy; the given one is never changed.
 */
export function safeTree(value: unknown, path: string, findings: Findings, depth = 1): unknown {
  if (typeof value === 'number') return safeNumber(value, path, findings)
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) {
    findings.repair('too_deep_dropped', path)
    return undefined
  }
  return Array.isArray(value)
    ? safeList(value, path, findings, depth)
    : safeObject(value as Record<string, unknown>, path, findings, depth)
}

/** `1e999` is valid JSON, read as infinity, and could not be written again. */
function safeNumber(value: number, path: string, findings: Findings): number | undefined {
  if (Number.isFinite(value)) return value
  findings.repair('infinite_number_dropped', path)
  return undefined
}

function safeList(list: readonly unknown[], path: string, findings: Findings, depth: number): readonly unknown[] {
  let changed = false
  const safe = list.map((item) => {
    const kept = safeTree(item, path, findings, depth + 1)
    changed ||= kept !== item
    return kept
  })
  return changed ? safe.filter((item) => item !== undefined) : list
}

function safeObject(object: Readonly<Record<string, unknown>>, path: string, findings: Findings, depth: number) {
  const keys = Object.keys(object)
  if (keys.length > MAX_KEYS) findings.repair('too_many_keys_cut', path)
  let copy: Record<string, unknown> | undefined = keys.length > MAX_KEYS ? {} : undefined
  for (let index = 0; index < keys.length && index < MAX_KEYS; index++) {
    const key = keys[index] as string
    const given = object[key]
    const kept = readProperty(key, given, path, findings, depth)
    if (kept !== given || kept === undefined) copy ??= firstOf(object, keys, index)
    if (copy !== undefined && kept !== undefined) copy[key] = kept
  }
  return copy ?? object
}

function readProperty(key: string, value: unknown, path: string, findings: Findings, depth: number): unknown {
  if (FORBIDDEN_KEYS.has(key)) {
    findings.repair('forbidden_key_dropped', path)
    return undefined
  }
  return value === null ? undefined : safeTree(value, path, findings, depth + 1)
}

/** A copy of the properties before `end`: they were found to be in order. */
function firstOf(object: Readonly<Record<string, unknown>>, keys: readonly string[], end: number) {
  const copy: Record<string, unknown> = {}
  for (let index = 0; index < end; index++) copy[keys[index] as string] = object[keys[index] as string]
  return copy
}

/** An object that is safe to travel on; `undefined` for none (no finding) and for anything else (named). */
export function readObject(value: unknown, path: string, findings: Findings): Record<string, unknown> | undefined {
  if (value == null) return undefined
  if (typeof value === 'object' && !Array.isArray(value)) {
    return safeTree(value, path, findings) as Record<string, unknown>
  }
  findings.repair(`${lastOf(path)}_dropped`, path)
  return undefined
}
