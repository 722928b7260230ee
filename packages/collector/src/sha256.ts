import * as crypto from 'node:crypto'

/** How a digest is written: 64 lower-case hexadecimal digits, or 32 characters that stand for a byte each. */
type Written = 'hex' | 'binary'

/** The one-shot hash costs less than half of a hash object, and leaves no object to collect; Node has it since 20.12. */
const oneShot = (crypto as { hash?: typeof crypto.hash }).hash

/** SHA-256 of a text's UTF-8. */
export const sha256: (text: string, written?: Written) => string =
  oneShot === undefined
    ? (text, written = 'hex') => crypto.createHash('sha256').update(text).digest(written)
    : (text, written = 'hex') => oneShot('sha256', text, written)
