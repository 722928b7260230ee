/** A value that is made when it is first asked for: loading a module does no work. */
export function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= make())
}
