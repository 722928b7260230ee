/** Prints the totals of a run in one plain line, as the last thing, for people and machines that read only the end. */
export default class Totals {
  onTestRunEnd(modules, unhandledErrors) {
    const total = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      const couldNotBeLoaded = module.state() === 'failed' && tests.every((test) => test.result().state !== 'failed')
      if (couldNotBeLoaded) total.failed++
      for (const test of tests) {
        const { state } = test.result()
        total[state === 'pending' ? 'skipped' : state]++
      }
    }
    console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  }
}
