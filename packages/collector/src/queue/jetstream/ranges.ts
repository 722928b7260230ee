/** Sets of whole numbers as short text: `0-4,7`. What is settled comes in long runs, and so costs next to nothing to write down. */

export function toRanges(numbers: Iterable<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b)
  const runs: [number, number][] = []
  for (const number of sorted) {
    const last = runs.at(-1)
    if (last && number <= last[1] + 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

export function fromRanges(text: string): Set<number> {
  const numbers = new Set<number>()
  if (text === '') return numbers
  for (const run of text.split(',')) {
    const [from = '', to = from] = run.split('-')
    for (let number = Number(from); number <= Number(to); number++) numbers.add(number)
  }
  return numbers
}
