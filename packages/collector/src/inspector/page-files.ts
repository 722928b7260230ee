import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Context } from 'koa'

const FILES = {
  '/inspect/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/inspect/inspector.js': { name: 'inspector.js', type: 'text/javascript; charset=utf-8' },
  '/inspect/inspector.css': { name: 'inspector.css', type: 'text/css; charset=utf-8' },
  '/inspect/favicon.svg': { name: 'favicon.svg', type: 'image/svg+xml' },
} as const

interface PageFile {
  type: string
  etag: string
  plain: Buffer
  gzip: Buffer
  br: Buffer
}

/** The page's four files, read and compressed once, at the first request for one. */
export function createPageFiles(folder: URL): (ctx: Context) => boolean {
  const loaded = new Map<string, PageFile>()

  function load(path: keyof typeof FILES): PageFile {
    let file = loaded.get(path)
    if (!file) {
      const { name, type } = FILES[path]
      const plain = readFileSync(new URL(name, folder))
      const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
      file = { type, etag, plain, gzip: gzipSync(plain, { level: 9 }), br: brotliCompressSync(plain) }
      loaded.set(path, file)
    }
    return file
  }

  /** Answers if the path is one of the files; says whether it was. */
  return function servePageFile(ctx) {
    if (!isPageFile(ctx.path) || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return false
    const file = load(ctx.path)
    ctx.status = 200
    ctx.set('etag', file.etag)
    ctx.set('cache-control', 'no-cache')
    ctx.vary('accept-encoding')
    ctx.type = file.type
    if (ctx.fresh) {
      ctx.status = 304
      return true
    }
    const encoding = ctx.acceptsEncodings('br', 'gzip', 'identity')
    if (encoding === 'br' || encoding === 'gzip') {
      ctx.set('content-encoding', encoding)
      ctx.body = file[encoding]
    } else {
      ctx.body = file.plain
    }
    return true
  }
}

function isPageFile(path: string): path is keyof typeof FILES {
  return Object.hasOwn(FILES, path)
}
