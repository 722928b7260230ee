/**
 * The fields of a form body, by its content type; `undefined` when it is no form.
 *
 * Meta's own examples for curl send `-F` (multipart) and `-d` (URL-encoded). Files have no meaning here: each part is text.
 */
export function readForm(contentType: string | undefined, body: Buffer): Record<string, string> | undefined {
  if (contentType === undefined) return undefined
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  }
  const [, quoted, plain] = /^multipart\/form-data;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/.exec(contentType) ?? []
  const boundary = quoted ?? plain
  return boundary === undefined ? undefined : readMultipart(boundary, body.toString('utf8'))
}

/** @see https://www.rfc-editor.org/rfc/rfc7578 */
function readMultipart(boundary: string, text: string): Record<string, string> {
  const parts = `\r\n${text}`.split(`\r\n--${boundary}`).slice(1, -1)
  return Object.fromEntries(
    parts.flatMap((part) => {
      const end = part.indexOf('\r\n\r\n')
      const name = /^content-disposition:\s*form-data;.*?\bname="([^"]*)"/im.exec(part.slice(0, end))?.[1]
      return end < 0 || name === undefined ? [] : [[name, part.slice(end + 4)]]
    }),
  )
}
