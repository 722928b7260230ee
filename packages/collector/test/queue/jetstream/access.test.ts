import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { natsMissing, startNats, type NatsOptions } from '@pixel-mirror/testing'
import { nkeys } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { inspectJetstream } from '../../../src/queue/jetstream/guarantees.js'
import { openJetstreamQueue } from '../../../src/queue/jetstream/open-jetstream-queue.js'
import type { Queue } from '../../../src/queue/queue.js'
import { someEvent } from '../queue-contract.js'

const SHOP = { pixelId: '1000000000000001' }
const ALL = { maxEvents: 10, maxBytes: 1e6 }
const SILENT = { info() {}, warn() {}, error() {} }
const missing = natsMissing()

let folder: string
const file = (name: string) => join(folder, name)

/** A broker's address, with who is let in and with which further parameters. */
async function broker(options: NatsOptions): Promise<(who: string, parameters?: string) => string> {
  const brokers = await startNats(options)
  onTestFinished(() => brokers.stop())
  const hosts = brokers.url.slice('nats://'.length).replace('127.0.0.1', 'localhost')
  return (who, parameters = '') => `nats://${who}${hosts}?${parameters}`
}

async function open(url: string): Promise<Queue> {
  const queue = await openJetstreamQueue(url, {
    maxBytes: 1e7,
    now: Date.now,
    log: SILENT,
    observe: () => undefined,
  })
  onTestFinished(() => queue.close())
  return queue
}

/** That events go in and come out. */
async function works(queue: Queue): Promise<boolean> {
  const event = someEvent()
  await queue.append([event])
  const lease = await queue.lease(SHOP, ALL)
  return lease?.events[0]?.json === event.json
}

/** A certificate for `localhost`, signed by nobody but itself. */
function selfSign(name: string): void {
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:localhost -keyout ${file(`${name}.key`)} -out ${file(`${name}.pem`)}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  )
}

/** As `nsc` makes them: an operator vouches for an account, the account for a user. */
function operatorMode(): { config: string; credentials: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const system = nkeys.createAccount()
  const vouch = (by: nkeys.KeyPair, of: nkeys.KeyPair, nats: object) => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const claims = { jti: 'x', iat: 1_700_000_000, iss: by.getPublicKey(), sub: of.getPublicKey(), name: 'test' }
    const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({ ...claims, nats: { ...nats, version: 2 } })}`
    return `${text}.${Buffer.from(by.sign(Buffer.from(text))).toString('base64url')}`
  }
  const noLimits = { subs: -1, data: -1, payload: -1 }
  const accountLimits = { imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  const storageLimits = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const limits = { ...noLimits, ...accountLimits }
  const permissions = { default_permissions: { pub: {}, sub: {} } }
  const operatorJwt = vouch(operator, operator, { type: 'operator' })
  const accountJwt = vouch(operator, account, {
    type: 'account',
    limits: { ...limits, ...storageLimits },
    ...permissions,
  })
  const systemJwt = vouch(operator, system, { type: 'account', limits, ...permissions })
  const userJwt = vouch(account, user, { type: 'user', pub: {}, sub: {}, ...noLimits })
  const section = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`
  return {
    config: [
      `operator: "${operatorJwt}"`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: "${accountJwt}", ${system.getPublicKey()}: "${systemJwt}" }`,
    ].join('\n'),
    credentials:
      section('NATS USER JWT', userJwt) + section('USER NKEY SEED', Buffer.from(user.getSeed()).toString('latin1')),
  }
}

describe.skipIf(missing)(`the way to the brokers${missing ? ` (${missing})` : ''}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-access-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is a user and a password', async () => {
    const at = await broker({ config: 'authorization { user: shop, password: "pa:ss/word" }' })

    expect(await works(await open(at('shop:pa%3Ass%2Fword@')))).toBe(true)
  })

  it.each([
    ['a wrong password', 'shop:not-this-one@'],
    ['no user', ''],
  ])('is closed to %s, and the message says so without saying the password', async (_, who) => {
    const at = await broker({ config: 'authorization { user: shop, password: secret }' })
    const refusal = await Promise.all(
      [open, inspectJetstream].map((work) => work(at(who)).then(String, (error: unknown) => String(error))),
    )

    const says = 'QueueUnavailableError: NATS JetStream cannot be used. The user or the password is wrong.'
    expect(refusal).toEqual([says, says])
  })

  it('is TLS, with a certificate that the collector is told to trust, and no other', async () => {
    selfSign('broker')
    selfSign('other')
    const at = await broker({ config: `tls { cert_file: "${file('broker.pem')}", key_file: "${file('broker.key')}" }` })

    expect(await works(await open(at('', `&ca=${file('broker.pem')}`)))).toBe(true)
    await expect(open(at('', `&ca=${file('other.pem')}`))).rejects.toThrow(/certificate/)
    await expect(open(at('', '&tls=true'))).rejects.toThrow(/certificate/)
  })

  it("is TLS with a certificate of the collector's own, where the brokers ask for one", async () => {
    selfSign('broker')
    selfSign('collector')
    const at = await broker({
      config: `tls { cert_file: "${file('broker.pem')}", key_file: "${file('broker.key')}", ca_file: "${file('collector.pem')}", verify: true }`,
    })
    const own = `&cert=${file('collector.pem')}&key=${file('collector.key')}`

    expect(await works(await open(at('', `&ca=${file('broker.pem')}${own}`)))).toBe(true)
    await expect(open(at('', `&ca=${file('broker.pem')}`))).rejects.toThrow(/NATS JetStream cannot be used/)
  })

  it('is a file of credentials', async () => {
    const { config, credentials } = operatorMode()
    await writeFile(file('shop.creds'), credentials)
    const at = await broker({ config })

    expect(await works(await open(at('', `&creds=${file('shop.creds')}`)))).toBe(true)
    await expect(open(at(''))).rejects.toThrow('The user or the password is wrong.')
    await expect(open(at('', `&creds=${file('missing.creds')}`))).rejects.toThrow(/cannot be read/)
  })
})
