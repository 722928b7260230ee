import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { progressPath, progressWriter, readProgress } from '../../../src/cli/send/progress-file.js'

describe('the progress of a file', () => {
  const progress = { line: 7, taken: 5, refused: 1, broken: 1 }
  let folder: string
  let file: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-progress-'))
    file = join(folder, 'orders.csv')
    await writeFile(file, 'email\na@example.com\n')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const write = async () => (await progressWriter(file))(progress)

  it('is none before anything was sent', async () => {
    expect(await readProgress(file)).toBeUndefined()
  })

  it('is found again, also when the file has grown', async () => {
    await write()
    await writeFile(file, 'email\na@example.com\nb@example.com\n')

    expect(await readProgress(file)).toEqual(progress)
  })

  it.each([
    ['another file of the same name', 'phone\n1\n2\n3\n4\n5\n6\n7\n'],
    ['a file that has shrunk', 'email\n'],
  ])('is not taken for that of %s', async (_, content) => {
    await write()
    await writeFile(file, content)

    expect(await readProgress(file)).toBe('changed')
  })

  it('is not believed when it cannot be read', async () => {
    await writeFile(progressPath(file), '{"line": 7, "tak')

    expect(await readProgress(file)).toBe('changed')
  })
})
