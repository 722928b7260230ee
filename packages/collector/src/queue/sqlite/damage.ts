/** The file is not what was written to it. Whoever holds it must set it aside and save what can be read. */
export class DamageError extends Error {
  override name = 'DamageError'
}
