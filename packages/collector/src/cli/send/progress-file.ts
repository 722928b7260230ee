import { createHash } from 'node:crypto'
import { open, readFile, rename, writeFile } from 'node:fs/promises'

/** How far a file has been sent. It lies beside the file, so that the same command goes on where it stopped. */
export interface Progress {
  /** Everything up to this line is taken, refused or broken. */
  line: number
  taken: number
  refused: number
  broken: number
}

interface Stored extends Progress {
  /** What the file begins with: shows whether it is still the same one. It may have grown. */
  head: { bytes: number; sha256: string }
}

const HEAD_BYTES = 64 * 1024

export const NOTHING_SENT: Progress = { line: 0, taken: 0, refused: 0, broken: 0 }

/** Where the progress of a file is kept. */
export function progressPath(file: string): string {
  return `${file}.sent.json`
}

/** The progress of this very file; `changed` when there is one, but of a file with another beginning. */
export async function readProgress(file: string): Promise<Progress | 'changed' | undefined> {
  let stored: Stored
  try {
    stored = JSON.parse(await readFile(progressPath(file), 'utf8')) as Stored
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return 'changed'
  }
  const { head, line, taken, refused, broken } = stored
  const now = await headOf(file, head.bytes)
  return now.sha256 === head.sha256 && now.bytes === head.bytes ? { line, taken, refused, broken } : 'changed'
}

/** Returns the function that writes progress, whole or not at all. */
export async function progressWriter(file: string): Promise<(progress: Progress) => Promise<void>> {
  const head = await headOf(file, HEAD_BYTES)
  const path = progressPath(file)
  return async (progress) => {
    const stored: Stored = { ...progress, head }
    await writeFile(`${path}.new`, JSON.stringify(stored), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
}

async function headOf(file: string, length: number): Promise<Stored['head']> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    const sha256 = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')
    return { bytes: bytesRead, sha256 }
  } finally {
    await handle.close()
  }
}
