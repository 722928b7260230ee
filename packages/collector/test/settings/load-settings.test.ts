import { describe, expect, it } from 'vitest'
import { SettingsError } from '../../src/errors.js'
import { loadSettings } from '../../src/settings/load-settings.js'
import type { SettingsSources } from '../../src/settings/load-settings.js'

const KEY = 'a-key-of-sixteen-letters'

/** Settings from variables and files that exist only here. */
function load(env: NonNullable<SettingsSources['env']>, files: Record<string, unknown> = {}) {
  return loadSettings({
    env,
    readFile(path) {
      const file = files[path]
      if (file === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return typeof file === 'string' ? file : JSON.stringify(file)
    },
  })
}

function problemsOf(env: NonNullable<SettingsSources['env']>, files: Record<string, unknown> = {}): readonly string[] {
  try {
    load(env, files)
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  return []
}

describe('loadSettings()', () => {
  it('needs nothing: without a token the sandbox stands in for Meta, with a pixel to try', () => {
    const settings = load({})

    expect(settings).toMatchObject({
      sandbox: true,
      pixels: [{ id: '1234567890', allowedOrigins: [] }],
      apiVersion: 'v26.0',
      graphUrl: 'https://graph.facebook.com',
      host: '0.0.0.0',
      port: 8080,
      adminHost: '127.0.0.1',
      adminPort: 8081,
      queueUrl: 'sqlite:./data/queue.db',
      apiKeys: [],
      trustProxy: 0,
      eventsPath: '/events',
      trackerPath: '/tracker.js',
      logLevel: 'info',
    })
    expect(settings).not.toHaveProperty('cookieDomain')
    expect(settings).not.toHaveProperty('inspectPassword')
  })

  it('relays to Meta once a pixel has a token', () => {
    const settings = load({ META_PIXEL_ID: '42', META_ACCESS_TOKEN: 'EAAB', META_TEST_EVENT_CODE: 'TEST1' })

    expect(settings.sandbox).toBe(false)
    expect(settings.pixels).toHaveLength(1)
    expect(settings.pixels[0]).toMatchObject({ id: '42', testEventCode: 'TEST1' })
    expect(settings.pixels[0]?.accessToken?.reveal()).toBe('EAAB')
  })

  it('reads secrets from files, so that they need not stand in the environment', () => {
    const settings = load(
      { META_PIXEL_ID: '42', META_ACCESS_TOKEN_FILE: '/run/secrets/token', API_KEYS_FILE: '/run/secrets/keys' },
      { '/run/secrets/token': 'EAAB\n', '/run/secrets/keys': `${KEY},\n${KEY}-2\n` },
    )

    expect(settings.pixels[0]?.accessToken?.reveal()).toBe('EAAB')
    expect(settings.apiKeys.map((key) => key.reveal())).toEqual([KEY, `${KEY}-2`])
  })

  it('reads several pixels from the configuration file; a pixel without origins has the common ones', () => {
    const settings = load(
      { CONFIG_FILE: 'my.json', ALLOWED_ORIGINS: 'https://shop.example' },
      {
        'my.json': {
          port: 9000,
          trustProxy: ['10.0.0.0/8', 'loopback'],
          pixels: [
            { id: '1', accessToken: 'one', allowedOrigins: ['https://*.one.example'] },
            { id: '2', accessTokenFile: 'two.token', testEventCode: 'TEST2' },
          ],
        },
        'two.token': 'two',
      },
    )

    expect(settings).toMatchObject({
      sandbox: false,
      port: 9000,
      trustProxy: ['10.0.0.0/8', 'loopback'],
      pixels: [
        { id: '1', allowedOrigins: ['https://*.one.example'] },
        { id: '2', allowedOrigins: ['https://shop.example'], testEventCode: 'TEST2' },
      ],
    })
    expect(settings.pixels[1]?.accessToken?.reveal()).toBe('two')
  })

  it('lets the environment win over the file', () => {
    const settings = load({ PORT: '1' }, { 'pixel-mirror.config.json': { port: 2, host: '::' } })

    expect(settings).toMatchObject({ port: 1, host: '::' })
  })

  it('takes an empty variable as not set', () => {
    expect(load({ PORT: '', META_ACCESS_TOKEN: '' })).toMatchObject({ port: 8080, sandbox: true })
  })

  it.each<[string, string, string, unknown]>([
    ['MAX_QUEUE_BYTES', '512MB', 'maxQueueBytes', 512 * 1024 ** 2],
    ['MAX_BODY_BYTES', '65536', 'maxBodyBytes', 65_536],
    ['TRUST_PROXY', '2', 'trustProxy', 2],
    ['TRUST_PROXY', '10.0.0.0/8, ::1', 'trustProxy', ['10.0.0.0/8', '::1']],
    ['COOKIE_DOMAIN', '.Example.co.uk', 'cookieDomain', 'example.co.uk'],
    ['DEFAULT_COUNTRY', 'de', 'defaultCountry', 'DE'],
    ['META_GRAPH_URL', 'http://127.0.0.1:9/', 'graphUrl', 'http://127.0.0.1:9'],
    ['QUEUE_URL', 'postgres://user@host/db', 'queueUrl', 'postgres://user@host/db'],
    ['EVENTS_PATH', '/c/e', 'eventsPath', '/c/e'],
  ])('reads %s=%s', (name, given, key, expected) => {
    expect(load({ [name]: given })).toHaveProperty(key, expected)
  })

  it.each<[string, string, string]>([
    ['https://Shop.Example.com:443/', 'https://shop.example.com', 'as browsers write it'],
    ['http://localhost:3000', 'http://localhost:3000', 'with its port'],
    ['https://*.example.com', 'https://*.example.com', 'with a wildcard for subdomains'],
  ])('reads the origin %s as %s (%s)', (given, expected) => {
    expect(load({ ALLOWED_ORIGINS: given }).pixels[0]?.allowedOrigins).toEqual([expected])
  })
})

describe('loadSettings(), when something is wrong', () => {
  it('names every problem at once, in the environment and in the file', () => {
    const problems = problemsOf(
      { PORT: '99999', LOG_LEVEL: 'loud', META_ACCESS_TOKEN: 'EAAB' },
      { 'pixel-mirror.config.json': { host: 'not a host', pixels: [{ id: 'x' }] } },
    )

    expect(problems).toEqual([
      "pixel-mirror.config.json: host must be an address or a host's name, got `not a host`",
      'PORT must be a whole number from 0 to 65535, got `99999`',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, got `loud`',
      'pixel-mirror.config.json: pixels[0]: id must be the digits of a pixel id, as text, got `x`',
      'META_ACCESS_TOKEN is set, but META_PIXEL_ID is not',
    ])
  })

  it.each<[string, string]>([
    ['META_PIXEL_ID', 'fb.1'],
    ['META_API_VERSION', '26'],
    ['META_GRAPH_URL', 'ftp://x'],
    ['META_GRAPH_URL', 'https://user:pass@host'],
    ['META_TEST_EVENT_CODE', 'has space'],
    ['HOST', 'a b'],
    ['PORT', '80a'],
    ['PORT', '-1'],
    ['QUEUE_URL', 'mysql://x'],
    ['MAX_QUEUE_BYTES', '12'],
    ['MAX_BODY_BYTES', 'a lot'],
    ['RATE_LIMIT', '1.5'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'null'],
    ['ALLOWED_ORIGINS', 'shop.example.com'],
    ['ALLOWED_ORIGINS', 'https://shop.example.com/path'],
    ['ALLOWED_ORIGINS', 'https://a.*.example.com'],
    ['API_KEYS', 'short'],
    ['TRUST_PROXY', 'everyone'],
    ['TRUST_PROXY', '10.0.0.0/99'],
    ['COOKIE_DOMAIN', 'co.uk'],
    ['COOKIE_DOMAIN', 'a;b'],
    ['DEFAULT_COUNTRY', 'Germany'],
    ['DEFAULT_COUNTRY', 'QX'],
    ['INSPECT_PASSWORD', 'short'],
    ['EVENTS_PATH', 'events'],
    ['TRACKER_PATH', '/a?b'],
    ['LOG_LEVEL', 'INFO'],
  ])('refuses %s=%s and names it', (name, given) => {
    expect(problemsOf({ [name]: given })).toEqual([expect.stringMatching(new RegExp(`^${name} must `))])
  })

  it.each([
    [{ META_ACCESS_TOKEN: 'top secret', META_PIXEL_ID: '1' }, 'top secret'],
    [{ API_KEYS: 'hush hush' }, 'hush'],
    [{ QUEUE_URL: 'postgre://user:hush@host' }, 'hush'],
    [{ INSPECT_PASSWORD: 'hush' }, 'hush'],
  ])('never shows a secret in a problem: %o', (env, hidden) => {
    const [problem] = problemsOf(env)

    expect(problem).toBeDefined()
    expect(problem).not.toContain(hidden)
  })

  it('does not quote a configuration file that is no JSON: it may hold tokens', () => {
    expect(problemsOf({}, { 'pixel-mirror.config.json': '{"accessToken": hush}' })).toEqual([
      'pixel-mirror.config.json is not JSON',
    ])
  })

  it.each<[string, string]>([
    ['API_KEY', 'API_KEY is not a setting; did you mean API_KEYS?'],
    ['ALOWED_ORIGIN', 'ALOWED_ORIGIN is not a setting; did you mean ALLOWED_ORIGINS?'],
    ['META_ACESS_TOKEN', 'META_ACESS_TOKEN is not a setting; did you mean META_ACCESS_TOKEN?'],
    ['META_DATASET', 'META_DATASET is not a setting'],
  ])('names the variable %s, which nobody reads', (name, problem) => {
    expect(problemsOf({ [name]: 'x' })).toEqual([problem])
  })

  it('says nothing about variables of other programs', () => {
    expect(problemsOf({ PATH: '/bin', HOME: '/', HOSTNAME: 'x', NODE_ENV: 'test', DATABASE_URL: 'x' })).toEqual([])
  })

  it('names unknown keys of the file and of its pixels', () => {
    const file = { prot: 1, metaPixelId: '1', META_GRAPH_URL: 'x', pixels: [{ id: '1', acessToken: 'x', origins: [] }] }

    expect(problemsOf({}, { 'pixel-mirror.config.json': file })).toEqual([
      'pixel-mirror.config.json: prot is not a setting; did you mean port?',
      'pixel-mirror.config.json: metaPixelId is not a setting; did you mean pixelId?',
      'pixel-mirror.config.json: META_GRAPH_URL is not a setting; did you mean graphUrl?',
      'pixel-mirror.config.json: pixels[0]: acessToken is not a setting; did you mean accessToken?',
      'pixel-mirror.config.json: pixels[0]: origins is not a setting',
    ])
  })

  it.each<[string, NonNullable<SettingsSources['env']>, Record<string, unknown>, string]>([
    [
      'a file that is named but missing',
      { CONFIG_FILE: 'my.json' },
      {},
      'The configuration file my.json cannot be read (ENOENT)',
    ],
    [
      'a secret file that is missing',
      { API_KEYS_FILE: '/k' },
      {},
      'API_KEYS_FILE names /k, which cannot be read (ENOENT)',
    ],
    [
      'a secret given twice',
      { API_KEYS: KEY, API_KEYS_FILE: '/k' },
      { '/k': KEY },
      'API_KEYS and API_KEYS_FILE are both set: keep one',
    ],
    ['two listeners on one port', { PORT: '80', ADMIN_PORT: '80' }, {}, 'ADMIN_PORT must differ from PORT'],
    [
      'pixels that are no list',
      {},
      { 'pixel-mirror.config.json': { pixels: {} } },
      'pixel-mirror.config.json: pixels must be a list',
    ],
    [
      'a pixel twice',
      { META_PIXEL_ID: '1' },
      { 'pixel-mirror.config.json': { pixels: [{ id: '1' }] } },
      'Pixel 1 is there twice',
    ],
    [
      'one pixel without a token among others',
      { META_PIXEL_ID: '1', META_ACCESS_TOKEN: 'x' },
      { 'pixel-mirror.config.json': { pixels: [{ id: '2' }] } },
      'Pixel 2 has no access token, but others have',
    ],
  ])('names %s', (_, env, files, problem) => {
    expect(problemsOf(env, files)).toEqual([problem])
  })
})
