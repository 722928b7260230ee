import { isAppendix } from '../appendix.js'

/**
 * Is this value hashed already? Then it passes as it is, in lower case.
 *
 * Meta's libraries take SHA-256 and MD5 (64 and 32 hexadecimal digits), with or without the appendix of a Meta library.
 */
export function readHashed(value: string, md5Allowed: boolean): string | undefined {
  const dot = value.indexOf('.')
  if (dot < 0) return isDigest(value, md5Allowed) ? value.toLowerCase() : undefined
  const digest = value.slice(0, dot)
  const appendix = value.slice(dot + 1)
  return isDigest(digest, md5Allowed) && isAppendix(appendix) ? `${digest.toLowerCase()}.${appendix}` : undefined
}

const HEXADECIMAL = /^[0-9a-fA-F]+$/

function isDigest(text: string, md5Allowed: boolean): boolean {
  return (text.length === 64 || (md5Allowed && text.length === 32)) && HEXADECIMAL.test(text)
}
