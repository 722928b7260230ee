import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'

export const pathOf = (file: string) => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
export const read = (file: string) => readFileSync(pathOf(file), 'utf8')

/** All documents of a YAML file, as they stand there. */
export const documents = <T>(file: string) =>
  parseAllDocuments(read(file), { merge: true }).map((document) => document.toJS() as T)

/** The variables that the README's table of settings names, which a test of the collector holds against the settings themselves. */
export const SETTINGS = new Set([...read('README.md').matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name!))

/** What others read: Node and the PostgreSQL client. */
export const OTHERS = new Set(['NODE_ENV', 'PGPASSWORD'])
