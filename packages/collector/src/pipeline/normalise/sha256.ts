import * as crypto from 'node:crypto'

/** The one-shot hash costs less than half of a hash object; Node has it since 20.12. */
const oneShot = (crypto as { hash?: typeof crypto.hash }).hash

/** SHA-256 of a text, as 64 lower-case hexadecimal digits. */
export const sha256: (text: string) => string =
  oneShot === undefined
    ? (text) => crypto.createHash('sha256').update(text).digest('hex')
    : (text) => oneShot('sha256', text)
