/** Something that was changed in an event so that it could be sent, for counters and the inspector. Never holds a value. */
export interface Repair {
  /** A stable word from a closed list, for example `event_time_in_milliseconds`, `currency_upper_case`, `em_dropped`. */
  code: string
  /** Where in the event: `custom_data.currency`, `user_data.em[1]`. */
  path: string
}
