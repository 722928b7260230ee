import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

const PAGES = ['index.html', 'product.html', 'checkout.html', 'thanks.html']

describe('every page of the shop', () => {
  it.each(PAGES)("%s carries Meta's base snippet and the tracker, once each", async (page) => {
    const html = await readFile(new URL(`../site/${page}`, import.meta.url), 'utf8')

    expect(html.match(/n\.callMethod \? n\.callMethod\.apply/g)).toHaveLength(1)
    expect(html.match(/<script async src="\/tracker\.js"><\/script>/g)).toHaveLength(1)
  })
})
