import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

const read = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8')

interface Service {
  environment: Record<string, string>
  volumes?: string[]
}

describe('the cluster of compose.cluster.yaml', () => {
  const { services } = parse(read('compose.cluster.yaml'), { merge: true }) as { services: Record<string, Service> }
  const collectors = Object.keys(services).filter((name) => name.startsWith('collector'))

  it('has two collectors on one PostgreSQL, and nothing is kept in either', () => {
    expect(collectors).toHaveLength(2)
    for (const name of collectors) {
      expect(services[name]!.environment['QUEUE_URL']).toMatch(/^postgres:\/\/\w+@postgres\//)
      expect(services[name]!.volumes).toBeUndefined()
    }
  })

  it('has a load balancer that knows both and asks whether they are ready', () => {
    const caddyfile = read('deploy/caddy/Caddyfile.cluster')

    expect(services['caddy']!.volumes?.join()).toContain('Caddyfile.cluster:')
    expect(caddyfile).toContain(`reverse_proxy ${collectors.map((name) => `${name}:8080`).join(' ')} {`)
    expect(caddyfile).toContain('health_uri /health/ready')
  })
})

describe('the cluster of deploy/kubernetes/cluster.yaml', () => {
  const all = parseAllDocuments(read('deploy/kubernetes/cluster.yaml')).map(
    (document) => document.toJS() as { kind: string; spec: Record<string, unknown> },
  )
  const specOf = (kind: string) => all.find((one) => one.kind === kind)!.spec

  it('has several collectors, all of them behind the service and kept by the disruption budget', () => {
    const { replicas, selector, template } = specOf('Deployment') as {
      replicas: number
      selector: object
      template: { metadata: { labels: object } }
    }

    expect(replicas).toBeGreaterThan(1)
    expect(selector).toEqual({ matchLabels: template.metadata.labels })
    expect(specOf('PodDisruptionBudget')).toMatchObject({ selector, maxUnavailable: 1 })
    expect(specOf('Service')['selector']).toEqual(template.metadata.labels)
  })
})
