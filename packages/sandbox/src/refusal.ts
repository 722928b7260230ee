/** One request that the sandbox refused, with what Meta keeps to itself: which event and which field it was. */
export interface Refusal {
  atMs: number
  /** Counts the requests to the edge, from 1. */
  requestNumber: number
  pixel_id: string
  /** How many events went down with it. */
  events: number
  code: number
  subcode?: number
  message: string
  /** The name of the rule that was broken. Without one, it was not about an event. */
  rule?: string
  /** Example: `data[3].user_data.em` */
  path?: string
  event_name?: string
  event_id?: string
}
