import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually, freePort } from '@pixel-mirror/testing'

/**
 * The shop's own web server, for real: nginx or Caddy from the system, with the file of `deploy/` in which only the addresses,
 * the path and the folder are the test's. It listens by HTTPS on free loopback ports, IPv4 and IPv6, and writes into a folder of its own.
 */

const run = promisify(execFile)

export const SHOP_HOST = 'www.shop.example'

/** Not every container has IPv6 on its loopback. */
export const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

export interface Shop {
  /** `host:port` of the collector. */
  collector: string
  /** The owner's path, with slashes around: `/m/`. */
  path: string
  /** The shop's pages, by file name. */
  pages: Record<string, string>
  /** Changes the shipped file once more; for set-ups that are wrong on purpose. */
  edit?: (shipped: string) => string
}

export interface RunningServer {
  port: number
  /** `https://www.shop.example:port`; the name leads nowhere without a browser that is told where. */
  origin: string
  /** The certificate of who signed the server's. */
  authority: string
  stop(): Promise<void>
}

export interface WebServer {
  name: string
  /** Whether it is on this machine. In CI it must be. */
  isThere: boolean
  start(shop: Shop): Promise<RunningServer>
}

const PLACES = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin']
const find = (name: string) => PLACES.map((folder) => join(folder, name)).find((path) => existsSync(path))
const isThere = (name: string) => process.env['CI'] === 'true' || find(name) !== undefined

export const nginx: WebServer = {
  name: 'nginx',
  isThere: isThere('nginx'),
  start: (shop) =>
    startServer('nginx', shop, async (folder, port) => {
      const config = join(folder, 'nginx.conf')
      await certificate(folder)
      await writeShipped('nginx/pixel-mirror.conf', join(folder, 'pixel-mirror.conf'), shop, [
        ['127.0.0.1:8080', shop.collector],
        ['location /m/', `location ${shop.path}`],
      ])
      await writeFile(config, nginxAround(folder, port))
      const args = ['-p', folder, '-c', config, '-e', 'stderr']
      await run(find('nginx') ?? 'nginx', [...args, '-t'])
      return { command: 'nginx', args, env: {}, authority: join(folder, 'certificate.pem') }
    }),
}

export const caddy: WebServer = {
  name: 'Caddy',
  isThere: isThere('caddy'),
  start: (shop) =>
    startServer('caddy', shop, async (folder, port) => {
      const config = join(folder, 'Caddyfile.around')
      await writeShipped('caddy/Caddyfile', join(folder, 'Caddyfile'), shop, [
        ['handle_path /m/*', `handle_path ${shop.path}*`],
        ['root * /srv', `root * ${join(folder, 'site')}`],
      ])
      await writeFile(config, caddyAround(folder))
      const args = ['--config', config, '--adapter', 'caddyfile']
      const env = { SITE: `https://${SHOP_HOST}:${port}`, COLLECTOR: shop.collector, HOME: folder }
      await run(find('caddy') ?? 'caddy', ['validate', ...args], { env: { ...process.env, ...env } })
      return {
        command: 'caddy',
        args: ['run', ...args],
        env,
        authority: join(folder, 'storage/pki/authorities/local/root.crt'),
      }
    }),
}

/** The shop's own configuration, in which the shipped file is included. */
const nginxAround = (folder: string, port: number) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
worker_processes 1;
events {}
http {
  types { text/html html; }
  access_log off;
  gzip on;
  gzip_types text/javascript application/json;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ${HAS_IPV6 ? `listen [::1]:${port} ssl;` : ''}
    server_name ${SHOP_HOST};
    ssl_certificate ${folder}/certificate.pem;
    ssl_certificate_key ${folder}/key.pem;
    root ${folder}/site;
    include ${folder}/pixel-mirror.conf;
  }
}
`

/** No certificate from outside, no other port than the site's. */
const caddyAround = (folder: string) => `
{
  admin off
  local_certs
  skip_install_trust
  auto_https disable_redirects
  default_bind 127.0.0.1${HAS_IPV6 ? ' [::1]' : ''}
  storage file_system ${folder}/storage
}
import ${folder}/Caddyfile
`

interface Prepared {
  command: string
  args: readonly string[]
  env: Record<string, string>
  authority: string
}

async function startServer(
  name: string,
  { pages, collector }: Shop,
  prepare: (folder: string, port: number) => Promise<Prepared>,
): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), `pixel-mirror-${name}-`))
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'site'))
  for (const [file, html] of Object.entries(pages)) await writeFile(join(folder, 'site', file), html)
  const port = await freePort()
  const { command, args, env, authority } = await prepare(folder, port)

  const child = spawn(find(command) ?? command, args, { env: { PATH: process.env['PATH'], ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  await eventually(`${name} before ${collector}`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended:\n${output}`)
    return accepts(port)
  }).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { port, origin: `https://${SHOP_HOST}:${port}`, authority, stop }
}

/** Plain HTTP on the port of HTTPS: refused with words once the server is there. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port }, (answer) => resolve(answer.resume().statusCode === 400)).on('error', () =>
      resolve(false),
    )
  })
}

/** Copies a file of `deploy/`, with these words in the place of those. Each must be there: else the test would try something else than what is shipped. */
async function writeShipped(
  shipped: string,
  to: string,
  { edit = (text) => text }: Shop,
  changes: readonly (readonly [string, string])[],
): Promise<void> {
  let text = await readFile(fileURLToPath(new URL(`../../../../deploy/${shipped}`, import.meta.url)), 'utf8')
  for (const [from, into] of changes) {
    if (!text.includes(from)) throw new Error(`deploy/${shipped} has no “${from}” any more.`)
    text = text.replaceAll(from, into)
  }
  await writeFile(to, edit(text))
}

/** Signed by nobody, made for this run. */
async function certificate(folder: string): Promise<void> {
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    ...files,
    '-days',
    '2',
    '-subj',
    `/CN=${SHOP_HOST}`,
    '-addext',
    `subjectAltName=DNS:${SHOP_HOST}`,
  ])
}
