import { dirname, join } from 'node:path'

/** The inspector remembers in a file of its own: beside the queue's, or in `./data` where the queue is on no disk of ours. */
export function historyFileBeside(queueUrl: string): string {
  const queueFile = /^sqlite:(.+)$/.exec(queueUrl)?.[1]
  return join(queueFile === undefined ? 'data' : dirname(queueFile), 'inspector.db')
}
