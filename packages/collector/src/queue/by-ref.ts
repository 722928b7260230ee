/**
 * Finds what has a ref in one list while another is walked: events for verdicts, or verdicts for events. Mostly they stand in the same order;
 * only where they do not, everything is sorted by ref first.
 */
export function byRef<One extends { ref: string }>(
  list: readonly One[],
): (ref: string, position: number) => One | undefined {
  let sorted: Map<string, One> | undefined
  return (ref, position) => {
    const expected = list[position]
    if (expected?.ref === ref) return expected
    sorted ??= new Map(list.map((one) => [one.ref, one]))
    return sorted.get(ref)
  }
}
