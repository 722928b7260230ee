/** Which known name someone probably meant; `undefined` when none is close. One slip in a short name, two in a long one. */
export function nearMiss(name: string, known: readonly string[]): string | undefined {
  const slips = name.length < 8 ? 1 : 2
  return known.find(
    (candidate) => Math.abs(candidate.length - name.length) <= slips && distance(name, candidate) <= slips,
  )
}

/** How many letters to add, drop, change or swap with their neighbour to get from one word to the other. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!
      const change = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, change, swap))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
