import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import type { Context, Middleware } from 'koa'

/** What a browser must be told about a file; anything else is a download. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'text/xml; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/**
 * Serves a folder of static files, so that a site and its collector can share one port and one origin.
 *
 * Nothing outside the folder is served, by `..` or by a symbolic link, and nothing whose name begins with a dot.
 * A browser asks again each time whether a file has changed: whoever edits a page sees it at once.
 *
 * @param folder the site, with an `index.html`
 */
export async function serveStaticSite(folder: string): Promise<Middleware> {
  const root = await realpath(folder)

  return async function staticSite(ctx, next) {
    await next()
    if (ctx.status !== 404 || ctx.body !== undefined) return
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return
    const path = decodedPath(ctx.path)
    if (path === undefined) return
    const file = await findFile(root, path)
    if (file === 'folder') {
      // Without the slash, the links of its index.html would point one folder too high.
      ctx.redirect(`${ctx.path}/${ctx.search}`)
    } else if (file) {
      send(ctx, file)
    }
  }
}

interface Found {
  path: string
  size: number
  modifiedMs: number
}

/** The path of a request as file names; `undefined` when it cannot be one of ours. */
function decodedPath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path)
    // Empty names too: sending `//sub` on to `//sub/` would send the visitor to the host `sub`.
    const unwanted = /[\0\\]|\/\/|\/\./.test(decoded)
    return unwanted ? undefined : decoded
  } catch {
    // Not an encoding of anything, so not the name of a file.
    return undefined
  }
}

async function findFile(root: string, path: string): Promise<Found | 'folder' | undefined> {
  try {
    const wanted = resolve(root, `.${path}`)
    if ((await stat(wanted)).isDirectory() && !path.endsWith('/')) return 'folder'
    const real = await realpath(path.endsWith('/') ? join(wanted, 'index.html') : wanted)
    const { size, mtimeMs } = await stat(real)
    return real.startsWith(root + sep) ? { path: real, size, modifiedMs: mtimeMs } : undefined
  } catch {
    // There is no such file, or it may not be read: for a visitor that is the same.
    return undefined
  }
}

function send(ctx: Context, { path, size, modifiedMs }: Found): void {
  ctx.status = 200
  ctx.type = CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  ctx.length = size
  ctx.lastModified = new Date(modifiedMs)
  ctx.etag = `${size.toString(36)}-${Math.round(modifiedMs).toString(36)}`
  ctx.set('Cache-Control', 'no-cache')
  ctx.set('X-Content-Type-Options', 'nosniff')
  if (ctx.fresh) ctx.status = 304
  else if (ctx.method === 'GET') ctx.body = createReadStream(path)
}
