import { CollectorError } from '../../errors.js'
import { openQueue } from '../../queue/open-queue.js'
import { quietly } from '../queue-desk.js'
import { about, type Check, type Finding } from './finding.js'

const { ok, failed, warning } = about('queue')

/** Does the database or broker that holds the queue answer, and commit? */
export const checkQueueServer: Check = async ({ settings }) => {
  const scheme = settings.queueUrl.slice(0, settings.queueUrl.indexOf(':'))
  if (scheme === 'sqlite') return []
  if (scheme === 'direct') return [ok('There is none (direct:): a sender is answered when Meta has answered.')]
  try {
    const queue = await openQueue(settings.queueUrl, quietly(settings))
    try {
      await queue.probe()
    } finally {
      await queue.close()
    }
    return [
      ok(`The ${scheme} server answers and commits.`),
      ...(scheme === 'nats' ? await weaknesses(settings.queueUrl) : []),
    ]
  } catch (error) {
    // The address may hold a password, so only errors of our own making are quoted.
    const words = error instanceof CollectorError ? error.message : `The ${scheme} server cannot be used.`
    return [failed(words, 'Check QUEUE_URL, and that this machine may reach the server.')]
  }
}

/** Brokers can be set up so that they promise less than this collector does. */
async function weaknesses(queueUrl: string): Promise<Finding[]> {
  const { inspectJetstream } = await import('../../queue/jetstream/guarantees.js')
  return (await inspectJetstream(queueUrl)).map(({ says, mend }) => warning(says, mend))
}
