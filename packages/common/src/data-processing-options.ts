/**
 * Limited Data Use: the options of an event whose person has limited what may be done with the data.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/overview/data-processing-options
 */

/** `["LDU"]` limits the use, `[]` says that it is not limited. */
export type DataProcessingOptions = ['LDU'] | []

/** `1` is the United States, `0` lets Meta look the address up. */
export const DATA_PROCESSING_COUNTRIES = { geolocate: 0, us: 1 } as const

/** The states whose law knows the limit, by Meta's numbers; `0` lets Meta look the address up. */
export const DATA_PROCESSING_STATES = {
  geolocate: 0,
  california: 1000,
  colorado: 1001,
  connecticut: 1002,
  florida: 1003,
  oregon: 1004,
  texas: 1005,
  montana: 1006,
  delaware: 1007,
  nebraska: 1008,
  new_hampshire: 1009,
  new_jersey: 1010,
  minnesota: 1011,
  maryland: 1012,
  rhode_island: 1013,
} as const
