import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

it('takes the parts of the pixel script along when it is published: they are read, not bundled', async () => {
  const { files } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    files: string[]
  }

  expect(files).toContain('browser/*.js')
})
