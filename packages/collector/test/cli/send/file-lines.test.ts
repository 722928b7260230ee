import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileLines, type Line } from '../../../src/cli/send/file-lines.js'

describe('fileLines()', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-lines-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function linesOf(content: string | Buffer): Promise<Line[]> {
    const path = join(folder, 'file')
    await writeFile(path, content)
    const lines: Line[] = []
    for await (const line of fileLines(path)) lines.push(line)
    return lines
  }

  it('numbers lines from 1 and knows how many bytes are behind each', async () => {
    expect(await linesOf('é\nb\r\n\nlast')).toEqual([
      { number: 1, text: 'é', endByte: 3 },
      { number: 2, text: 'b', endByte: 6 },
      { number: 3, text: '', endByte: 7 },
      { number: 4, text: 'last', endByte: 11 },
    ])
  })

  it('takes off the mark that some programs put before the first line', async () => {
    expect((await linesOf('\uFEFFemail\n'))[0]?.text).toBe('email')
  })

  it('finds lines across the pieces in which a file is read', async () => {
    const long = 'x'.repeat(100_000)

    expect((await linesOf(`${long}\n${long}\n`)).map(({ text }) => text.length)).toEqual([100_000, 100_000])
  })

  it('tells a line that is too long or not UTF-8, and goes on with the next', async () => {
    const lines = await linesOf(
      Buffer.concat([Buffer.alloc(1_100_000, 'x'), Buffer.from('\nA'), Buffer.from([0xe9]), Buffer.from('\nfine\n')]),
    )

    expect(lines.map(({ number, text, problem }) => [number, text, problem])).toEqual([
      [1, '', 'is longer than 1 MB'],
      [2, '', 'is not UTF-8; save the file as UTF-8'],
      [3, 'fine', undefined],
    ])
  })
})
