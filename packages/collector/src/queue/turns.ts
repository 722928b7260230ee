/** What is done to one thing (a lane, a pixel) is done one after the other; different things do not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Does the work when all that was asked for before, under the same name, is through: well or not. */
  take<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(work, work)
    this.#last.set(
      name,
      turn.catch(() => undefined),
    )
    return turn
  }
}
