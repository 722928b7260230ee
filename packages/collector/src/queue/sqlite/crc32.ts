import * as zlib from 'node:zlib'

type Sum = (data: Uint8Array | string, previous?: number) => number

/** Node has it since 20.15 and 22.2. Where it is missing, the table does the same more slowly. */
const native: Sum = (zlib as { crc32?: Sum }).crc32 ?? crc32ByTable

/** CRC-32 of bytes (of a text, its UTF-8), as in zip and PNG; `previous` continues the sum of what came before. */
export const crc32: Sum = (data, previous = 0) =>
  // zlib begins anew, with 0, where empty bytes lie nowhere in memory, as those do that SQLite gives.
  data.length === 0 ? previous : native(data, previous)

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let remainder = index
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  return remainder
})

export function crc32ByTable(data: Uint8Array | string, previous = 0): number {
  let sum = ~previous
  for (const byte of Buffer.from(data)) sum = TABLE[(sum ^ byte) & 255]! ^ (sum >>> 8)
  return ~sum >>> 0
}
