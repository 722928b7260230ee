import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds wrong with the page as it is now, by the rules of WCAG 2.2 A and AA and its best practices: one line each. */
export async function accessibilityIssues(page: Page): Promise<string[]> {
  // By the debugger, which the page's Content-Security-Policy does not bind; and only once a page.
  await page.evaluate(`window.axe ?? (() => { ${axe.source} })()`)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} (${target.join(' ')}) ${failureSummary ?? ''}`),
  )
}
