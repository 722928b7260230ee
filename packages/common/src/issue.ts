/** One thing that is wrong with an event, for machines (`code`, `path`) and for people (`message`). */
export interface Issue {
  /** A stable word from a closed list, for example `purchase_without_currency`. */
  code: string
  /** Where in the event: `custom_data.currency`, `user_data.em[1]`; empty for the event as a whole. */
  path: string
  /** What is wrong and what to do, in one sentence. Never holds the offending value: it may be personal. */
  message: string
}
