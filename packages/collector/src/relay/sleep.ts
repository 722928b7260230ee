/** Waits that can be cut short, all at once. */
export interface Sleep {
  for(ms: number): Promise<void>
  wakeAll(): void
}

export function createSleep(): Sleep {
  const sleeping = new Set<() => void>()
  return {
    for: (ms) =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          sleeping.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        sleeping.add(wake)
      }),
    wakeAll: () => sleeping.forEach((wake) => wake()),
  }
}
