import { memoryQueue } from '../../src/queue/memory-queue.js'
import { queueContract } from './queue-contract.js'

queueContract('the memory queue', (world) => Promise.resolve({ queue: memoryQueue(world) }), { durable: false })
