/** What a rule may ask about the rest of the event and of the world, besides the value that it cleans. */
export interface NormaliseContext {
  /** The person's country, ISO 3166-1 alpha-2, lower case: from the event's own `country`, else the default. */
  country?: string | undefined
  /** Now, in milliseconds since the epoch: nobody is born later. */
  nowMs?: number | undefined
  /** A telephone number as digits with the country's calling code. Left out, the rule without a library is used. */
  parsePhone?: ((value: string, country: string | undefined) => string | undefined) | undefined
  /** The ISO 3166-1 alpha-2 code, lower case, of a country's name in any language. Left out, only codes are known. */
  countryOf?: ((name: string) => string | undefined) | undefined
}
