import { Counter, type Registry } from 'prom-client'

/** What a counter is called, in Prometheus' words. */
export interface TallyOptions<Label extends string> {
  /** With unit and `_total`. */
  name: string
  help: string
  labels: readonly Label[]
  registry: Registry
}

/** A level of the tree: values of one label, each with the next label's or with its count. */
type Node = Map<string, Node | number>

/**
 * A counter that costs a few map look-ups to raise, where prom-client's own builds and hashes an object each time.
 *
 * The counts are handed over when Prometheus asks.
 */
export class Tally<Label extends string> {
  readonly #root: Node = new Map()
  readonly #labels: readonly Label[]

  constructor({ name, help, labels, registry }: TallyOptions<Label>) {
    this.#labels = labels
    const handOver = (counter: Counter<Label>) => this.#handOver(counter, this.#root, {}, 0)
    new Counter<Label>({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        handOver(this)
      },
    })
  }

  /** Adds to the series with these label values, which stand in the order of `labels`; at least one. */
  add(count: number, ...values: string[]): void {
    let node = this.#root
    const last = values.length - 1
    for (let depth = 0; depth < last; depth++) {
      const value = values[depth] as string
      let next = node.get(value)
      if (!(next instanceof Map)) node.set(value, (next = new Map()))
      node = next
    }
    const value = values[last] as string
    node.set(value, ((node.get(value) as number | undefined) ?? 0) + count)
  }

  /** A count that was handed over becomes 0 and stays, so that its series is not forgotten. */
  #handOver(counter: Counter<Label>, node: Node, labels: Partial<Record<Label, string>>, depth: number): void {
    for (const [value, below] of node) {
      const path = { ...labels, [this.#labels[depth] as Label]: value }
      if (below instanceof Map) {
        this.#handOver(counter, below, path, depth + 1)
      } else {
        counter.inc(path, below)
        node.set(value, 0)
      }
    }
  }
}
