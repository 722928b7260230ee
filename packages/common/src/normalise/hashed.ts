import { isAppendix } from '../appendix.js'

/**
 * Is this value hashed already? Then it passes as it is, in lower case.
 *
 * Meta's libraries take SHA-256 and MD5 (64 and 32 hexadecimal digits), with or without the appendix of a Meta library.
 */
export function readHashed(value: string, md5Allowed: boolean): string | undefined {
  if (value.length < MD5_LENGTH) return undefined
  const dot = value.indexOf('.')
  if (dot < 0) return isDigest(value, md5Allowed) ? value.toLowerCase() : undefined
  const digest = value.slice(0, dot)
  const appendix = value.slice(dot + 1)
  return isDigest(digest, md5Allowed) && isAppendix(appendix) ? `${digest.toLowerCase()}.${appendix}` : undefined
}

const MD5_LENGTH = 32
const SHA256_LENGTH = 64

const HEXADECIMAL = /^[0-9a-fA-F]+$/

function isDigest(text: string, md5Allowed: boolean): boolean {
  return (text.length === SHA256_LENGTH || (md5Allowed && text.length === MD5_LENGTH)) && HEXADECIMAL.test(text)
}
