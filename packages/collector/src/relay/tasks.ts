/** What is under way, so that a stop can wait for it. */
export interface Tasks {
  /** Remembers it until it is over. It must not reject. */
  add(task: Promise<void>): void
  /** Resolves when nothing is under way any more. */
  allDone(): Promise<void>
}

export function createTasks(): Tasks {
  const tasks = new Set<Promise<void>>()
  return {
    add(task) {
      tasks.add(task)
      void task.finally(() => tasks.delete(task))
    },
    async allDone() {
      while (tasks.size > 0) await Promise.allSettled(tasks)
    },
  }
}
