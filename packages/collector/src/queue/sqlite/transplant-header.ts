import { closeSync, constants, copyFileSync, existsSync, openSync, statSync, writeSync } from 'node:fs'
import { readStart } from './queue-file.js'

/** Offsets in a SQLite file's header. @see https://sqlite.org/fileformat2.html#the_database_header */
const PAGE_SIZE_AT = 16
const PAGES_AT = 28
const FIRST_FREE_PAGE_AT = 32
const FREE_PAGES_AT = 36

/**
 * Copies a damaged file and gives the copy the first page of a healthy one with the same tables: their root pages are the same,
 * as the same statements made them. The copy is only good for reading: its list of free pages is left out.
 */
export function transplantHeader(damaged: string, healthy: string, copy: string): void {
  copyFileSync(damaged, copy, constants.COPYFILE_FICLONE)
  if (existsSync(`${damaged}-wal`)) copyFileSync(`${damaged}-wal`, `${copy}-wal`)

  const header = readStart(healthy, 100)
  const pageBytes = header.readUInt16BE(PAGE_SIZE_AT)
  const page = readStart(healthy, pageBytes)
  page.writeUInt32BE(Math.floor(statSync(copy).size / pageBytes), PAGES_AT)
  page.writeUInt32BE(0, FIRST_FREE_PAGE_AT)
  page.writeUInt32BE(0, FREE_PAGES_AT)

  const file = openSync(copy, 'r+')
  writeSync(file, page, 0, pageBytes, 0)
  closeSync(file)
}
