/** The types that Meta's fields have. `null` is a value like any other here: it has no type and breaks every one of them. */
export type FieldType = keyof typeof FIELD_TYPES

export const FIELD_TYPES = {
  text: (value: unknown) => typeof value === 'string' && value.trim() !== '',
  texts: (value: unknown) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
  id: (value: unknown) => isText(value) || Number.isSafeInteger(value),
  ids: (value: unknown) => Array.isArray(value) && value.every((id) => isText(id) || Number.isSafeInteger(id)),
  whole: (value: unknown) => Number.isSafeInteger(value),
  /** Meta's own samples send sums of money as text, too. */
  amount: (value: unknown) => Number.isFinite(value) || (typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value)),
  truth: (value: unknown) => typeof value === 'boolean',
  truthOrText: (value: unknown) => typeof value === 'boolean' || isText(value),
  list: (value: unknown) => Array.isArray(value),
  object: isObject,
} satisfies Record<string, (value: unknown) => boolean>

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
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
