import * as zlib from 'node:zlib'

/**
 * CRC-32 of bytes (of a text, its UTF-8), as in zip and PNG; `previous` continues the sum of what came before.
 *
 * Node has it since 20.15 and 22.2. Where it is missing, the table does the same more slowly.
 */
export const crc32: (data: Uint8Array | string, previous?: number) => number =
  (zlib as { crc32?: (data: Uint8Array | string, previous?: number) => number }).crc32 ?? crc32ByTable

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
