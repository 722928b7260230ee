import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../secret.js'

/** About 50 ms and 32 MB a guess; Node's default memory limit just allows it. */
const SCRYPT = { N: 16_384, r: 8, p: 1 }
const KEY_BYTES = 32

/** A guess that waits longer than this behind others is not worth making. */
const QUEUED_AT_MOST = 4

const SLOWEST_MS = 8_000

export type Guess = 'right' | 'wrong' | 'too_many'

export interface PasswordCheck {
  /** Compares in constant time, one guess after the other; each wrong one makes the next slower. */
  check(guess: string): Promise<Guess>
  /** Wrong guesses since the start. */
  wrong(): number
}

/**
 * Lets in who knows the password, and makes guessing dear: scrypt, one at a time, and a pause that doubles up to eight
 * seconds while guesses are wrong. One check for all doors: at a second one, guessing would start afresh.
 *
 * @param onWrong told of each wrong guess, with how many there were since the start
 * @param pause waits; a parameter for tests
 */
export function createPasswordCheck(
  password: Secret,
  onWrong: (total: number) => void = () => undefined,
  pause: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
): PasswordCheck {
  const salt = randomBytes(16)
  const expected = derive(password.reveal(), salt)
  let last: Promise<unknown> = Promise.resolve()
  let queued = 0
  let wrong = 0
  let wrongInARow = 0

  async function checkNow(guess: string): Promise<Guess> {
    const right = timingSafeEqual(await derive(guess, salt), await expected)
    if (right) {
      wrongInARow = 0
      return 'right'
    }
    onWrong(++wrong)
    wrongInARow++
    await pause(Math.min(SLOWEST_MS, 250 * 2 ** (wrongInARow - 1)))
    return 'wrong'
  }

  return {
    async check(guess) {
      if (queued >= QUEUED_AT_MOST) return 'too_many'
      queued++
      const answer = last.then(() => checkNow(guess)).finally(() => queued--)
      last = answer.catch(() => undefined)
      return answer
    },
    wrong: () => wrong,
  }
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
