/**
 * JSON that every parser reads: halves of characters (lone surrogates) and NUL, which JavaScript allows and others refuse, become the
 * replacement character. One such text would make Meta refuse all the events beside it.
 */
export function writeJson(value: unknown): string {
  const json = JSON.stringify(value)
  return json.includes('\\u') && SUSPICIOUS.test(json) ? json.replace(ESCAPE, mended) : json
}

/** JavaScript writes what it cannot write as a character in escapes of this form, in lower case. */
const SUSPICIOUS = /\\u(?:d[89a-f]|0000)/

/** Escapes are read one by one, so that an escaped backslash in front of `ud800` is not taken for one. */
const ESCAPE = /\\(?:u[0-9a-f]{4}|.)/g

function mended(escape: string): string {
  return escape === '\\u0000' || escape.startsWith('\\ud') ? '\ufffd' : escape
}
