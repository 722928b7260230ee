/** The types that Meta's fields have. `null` is a value like any other here: it has no type and breaks every one of them. */
export type FieldType = keyof typeof FIELD_TYPES

const FIELD_TYPES = {
  text: isText,
  /** One text or a list of them. */
  texts: (value: unknown) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
  id: isId,
  ids: (value: unknown) => Array.isArray(value) && value.every(isId),
  whole: (value: unknown) => Number.isInteger(value),
  /** Meta's own samples send sums of money as text, too. */
  amount: (value: unknown) => Number.isFinite(value) || (typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value)),
  truth: (value: unknown) => typeof value === 'boolean',
  /** For people to read: may be empty. */
  label: (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value),
  list: (value: unknown) => Array.isArray(value),
  object: isObject,
} satisfies Record<string, (value: unknown) => boolean>

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isId(value: unknown): boolean {
  return isText(value) || Number.isInteger(value)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The first field of the table that is there with a value of another type. */
export function wrongType(
  fields: Readonly<Record<string, FieldType>>,
  values: Record<string, unknown>,
): string | undefined {
  return Object.keys(values).find((name) => {
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined
    return type !== undefined && !FIELD_TYPES[type](values[name])
  })
}
