/** The text fields of a form, in either of its two encodings; `undefined` if it is none. */
export async function readFields(body: Buffer, contentType: string): Promise<Record<string, string> | undefined> {
  if (!/^(?:multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(contentType)) return undefined
  try {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
    return Object.fromEntries([...form].filter((field): field is [string, string] => typeof field[1] === 'string'))
  } catch {
    // A form that cannot be read is none.
    return undefined
  }
}
