import type { FlowRow, Health, Setup } from '../src/inspector/api.js'
import type { Choice } from './choice.js'
import type { ChartData } from './parts/chart.js'

/** Whom the collector sends to, as the reader should call it. */
export const metaName = ({ setup }: Page): string => (setup.sandbox ? 'the sandbox' : 'Meta')

/** What every view is given. */
export interface Page {
  setup: Setup
  choice: Choice
  /** How things stood a moment ago. */
  health: Health | undefined
  /** Shows what has changed. Cheap: may be called often. */
  paint(): void
  /** Asks the server again, then paints. */
  refresh(): void
  /** Goes elsewhere in the page. */
  go(change: Partial<Choice>): void
  /** Says something to those who cannot see it. */
  announce(words: string): void
  /** Asks before something that cannot be undone. */
  confirm(question: Question): Promise<boolean>
}

export interface Question {
  title: string
  text: string
  yes: string
}

export interface News {
  rows: FlowRow[]
  states: { id: number; state: FlowRow['state'] }[]
}

/** One of the four views: asks for its data, and builds what is to be seen from it. */
export interface View {
  title: string
  /** @param why `news`: something has happened; the view may know of it already. `asked`: the reader wants to see the newest. */
  load(page: Page, why: 'news' | 'asked'): Promise<void>
  build(page: Page): HTMLElement
  /** The charts in it, for the pointer. */
  charts?(): readonly ChartData[]
  /** Something with `data-action` was clicked, changed or typed into. */
  act?(action: string, element: HTMLElement, page: Page): void
  /** Events came or went on. True if asking the server again is not needed for them. */
  news?(news: News, page: Page): boolean
}
