import { expect, it } from 'vitest'
import { createPasswordCheck } from '../../../src/inspector/access/password.js'
import { Secret } from '../../../src/secret.js'

function checkWith(password: string) {
  const pauses: number[] = []
  const told: number[] = []
  const check = createPasswordCheck(
    new Secret(password),
    (total) => told.push(total),
    async (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    },
  )
  return { check, pauses, told }
}

it('lets in who knows the password, at once', async () => {
  const { check, pauses } = checkWith('korrekt ✓')

  expect(await check.check('korrekt ✓')).toBe('right')
  expect(pauses).toEqual([])
})

it('counts and tells wrong guesses, and makes each slower than the one before, up to eight seconds', async () => {
  const { check, pauses, told } = checkWith('secret')

  for (let n = 0; n < 8; n++) expect(await check.check(`guess ${n}`)).toBe('wrong')

  expect(check.wrong()).toBe(8)
  expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
})

it('is fast again after the right one', async () => {
  const { check, pauses } = checkWith('secret')

  for (const guess of ['a', 'b', 'secret', 'c']) await check.check(guess)

  expect(pauses).toEqual([250, 500, 250])
})

it('turns away guesses that come in crowds without trying them', async () => {
  const { check } = checkWith('secret')

  const answers = await Promise.all(Array.from({ length: 10 }, () => check.check('guess')))

  expect(answers.filter((answer) => answer === 'too_many')).toHaveLength(6)
  expect(check.wrong()).toBe(4)
})
