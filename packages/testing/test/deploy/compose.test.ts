import { describe, expect, it } from 'vitest'
import { documents, OTHERS, read, SETTINGS } from './shipped.js'

/** No container engine runs here: the compose files are checked in themselves. */

interface Service {
  environment?: Record<string, string>
  volumes?: string[]
  secrets?: string[]
  depends_on?: Record<string, { condition: string }>
  read_only?: boolean
  cap_drop?: string[]
  healthcheck?: object
}

interface Compose {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
  volumes: Record<string, unknown>
}

describe.each(['compose.yaml', 'compose.cluster.yaml', 'compose.jetstream.yaml'])('%s', (file) => {
  const [{ services, secrets, volumes }] = documents<Compose>(file) as [Compose]
  const collectors = Object.entries(services).filter(([name]) => name.startsWith('collector'))

  it.each(collectors)(
    '%s is given settings that exist, and no root',
    (_, { environment = {}, read_only, cap_drop }) => {
      const names = Object.keys(environment)

      expect(names.filter((name) => !SETTINGS.has(name) && !OTHERS.has(name))).toEqual([])
      expect({ read_only, cap_drop }).toEqual({ read_only: true, cap_drop: ['ALL'] })
    },
  )

  it.each(collectors)('%s reads its token from a secret that it has', (_, { environment = {}, secrets: given }) => {
    const name = environment['META_ACCESS_TOKEN_FILE']?.replace('/run/secrets/', '')

    expect(given).toContain(name)
    expect(Object.keys(secrets)).toContain(name)
  })

  it('whoever is waited for is there, and says when it is well', () => {
    const awaited = Object.values(services).flatMap(({ depends_on = {} }) => Object.keys(depends_on))

    expect(awaited.length).toBeGreaterThan(0)
    for (const name of awaited) {
      const says = name.startsWith('collector')
        ? read('Dockerfile').includes('HEALTHCHECK')
        : services[name]?.healthcheck
      expect(says, name).toBeTruthy()
    }
  })

  it('every volume that is used is declared, and every one declared is used', () => {
    const used = Object.values(services).flatMap((service) => service.volumes ?? [])
    const named = used.map((volume) => volume.split(':', 1)[0]!).filter((name) => !name.startsWith('.'))

    expect(new Set(named)).toEqual(new Set(Object.keys(volumes)))
  })
})
