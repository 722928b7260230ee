import type { Database } from './driver.js'
import type { Lane, Lanes } from './lanes.js'
import { lettersOf } from './lanes.js'
import type { Transaction } from './transaction.js'

/** Removes lanes of test codes that hold nothing any more: their sums go to the pixel's own lane. */
export function retiring(db: Database, lanes: Lanes): (transaction: Transaction) => void {
  const deleteLane = db.prepare('DELETE FROM lane WHERE id = ?')
  return function retire(transaction) {
    for (const lane of [...lanes.all()].filter(isRetired)) {
      const heir = transaction.lane({ pixelId: lane.key.pixelId })
      for (const [sum, count] of Object.entries(lane.sums)) transaction.add(heir, sum as keyof Lane['sums'], count)
      deleteLane.run(lane.id)
      transaction.afterCommit(() => lanes.remove(lane))
    }
  }
}

/** Its letters would be taken from it when they go: as long as there are any, it stays. */
const isRetired = ({ key, sums, hold }: Lane) =>
  key.testEventCode !== undefined && sums.waiting === 0 && hold === undefined && lettersOf(sums) === 0
