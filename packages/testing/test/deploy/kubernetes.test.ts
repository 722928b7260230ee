import { startDemo } from '@pixel-mirror/testing'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { documents, OTHERS, pathOf, SETTINGS } from './shipped.js'

/** No cluster runs here: the manifests are checked against Kubernetes' own schema, and in themselves. */

interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string }
  spec: Record<string, unknown>
}

interface Probe {
  httpGet: { path: string; port: string }
}

interface Workload {
  replicas: number
  selector: { matchLabels: Record<string, string> }
  template: {
    metadata: { labels: Record<string, string>; annotations: Record<string, string> }
    spec: {
      terminationGracePeriodSeconds: number
      securityContext: Record<string, unknown>
      volumes: { name: string }[]
      containers: {
        ports: { name: string; containerPort: number }[]
        env: { name: string; value?: string }[]
        volumeMounts: { name: string; mountPath: string }[]
        securityContext: Record<string, unknown>
        startupProbe: Probe
        livenessProbe: Probe
        readinessProbe: Probe
      }[]
    }
  }
  volumeClaimTemplates?: { metadata: { name: string } }[]
}

/** What the schema has against them: unknown fields, missing ones, wrong types. */
function schemaErrors(manifests: readonly Manifest[]): string[] {
  const file = pathOf('packages/testing/test/deploy/manifests.ts')
  const source = manifests
    .map(({ apiVersion, kind, ...rest }, index) => {
      const text = JSON.stringify({ apiVersion, kind, ...rest })
      return `import type { I${kind} as T${index} } from 'kubernetes-models/${apiVersion}/${kind}'\nexport const m${index}: T${index} = ${text}\n`
    })
    .join('')
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  }
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.fileExists = (name) => name === file || disk.fileExists(name)
  host.readFile = (name) => (name === file ? source : disk.readFile(name))
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : disk.getSourceFile(name, ...rest)
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

describe.each(['collector', 'cluster'])('deploy/kubernetes/%s.yaml', (name) => {
  const manifests = documents<Manifest>(`deploy/kubernetes/${name}.yaml`)
  const spec = <T = Record<string, unknown>>(kind: string) => manifests.find((one) => one.kind === kind)?.spec as T
  const workload = spec<Workload>('StatefulSet') ?? spec<Workload>('Deployment')
  const { labels } = workload.template.metadata
  const pod = workload.template.spec
  const [container] = pod.containers

  it('is what Kubernetes’ schema allows, and nothing else', () => {
    expect(schemaErrors(manifests)).toEqual([])
  })

  it('would be told apart from one with a slip of the pen', () => {
    const [{ readinessProbe, ...others }] = structuredClone(container ? [container] : []) as [Record<string, unknown>]
    const slip = structuredClone(manifests)
    const wrong = slip.find(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment')!
    ;(wrong.spec as unknown as Workload).template.spec.containers = [
      { ...others, readinesProbe: readinessProbe },
    ] as never

    expect(schemaErrors(slip).join()).toContain('readinesProbe')
  })

  it('everything that selects finds the collector’s pods', () => {
    expect(workload.selector.matchLabels).toEqual(labels)
    expect(spec('Service')['selector']).toEqual(labels)
    expect(spec('NetworkPolicy')['podSelector']).toEqual({ matchLabels: labels })
    const budget = spec('PodDisruptionBudget')
    if (workload.replicas > 1) expect(budget).toMatchObject({ selector: { matchLabels: labels }, maxUnavailable: 1 })
    else expect(budget).toBeUndefined()
  })

  it('the service leads to a port that the container opens', () => {
    const names = container?.ports.map((port) => port.name)

    expect(names).toContain((spec('Service')['ports'] as { targetPort: string }[])[0]?.targetPort)
  })

  it('Prometheus reaches the port that its annotation names', () => {
    const port = Number(workload.template.metadata.annotations['prometheus.io/port'])
    const ingress = spec('NetworkPolicy')['ingress'] as { ports: { port: number }[] }[]

    expect(container?.env).toContainEqual({ name: 'ADMIN_HOST', value: '0.0.0.0' })
    expect(container?.ports.map(({ containerPort }) => containerPort)).toContain(port)
    expect(ingress.flatMap(({ ports }) => ports.map((one) => one.port))).toContain(port)
  })

  it('has time to stop: what the service needs, then what is under way', () => {
    const preStopS = 5
    const stopTimeoutS = 10

    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStopS + stopTimeoutS)
  })

  it('every volume that is mounted exists, and every volume is mounted', () => {
    const claims = workload.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? []
    const there = [...pod.volumes.map((volume) => volume.name), ...claims]

    expect(container?.volumeMounts.map((mount) => mount.name).sort()).toEqual(there.sort())
  })

  it('every variable is a setting', () => {
    const names = container?.env.map((variable) => variable.name) ?? []

    expect(names.filter((variable) => !SETTINGS.has(variable) && !OTHERS.has(variable))).toEqual([])
  })

  it('whatever names a file names one on a mounted volume', () => {
    const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? []
    const files = (container?.env ?? []).flatMap(({ name: variable, value = '' }) =>
      variable.endsWith('_FILE') ? [value] : value.startsWith('sqlite:') ? [value.slice(7)] : [],
    )

    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect(mounts.some((mount) => file.startsWith(`${mount}/`))).toBe(true)
  })

  it('the pod runs without root, on a root that it cannot write', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true })
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('out it may go to Meta by HTTPS, to names, and to its database', () => {
    const egress = spec('NetworkPolicy')['egress'] as { ports: { port: number }[] }[]
    const ports = new Set(egress.flatMap((rule) => rule.ports.map(({ port }) => port)))

    expect(spec('NetworkPolicy')['policyTypes']).toEqual(['Ingress', 'Egress'])
    expect(ports).toEqual(new Set(name === 'cluster' ? [443, 5432, 53] : [443, 53]))
  })
})

describe('the probes of both', () => {
  it('ask for addresses that a collector answers', async () => {
    const demo = await startDemo({})
    const workloads = ['collector', 'cluster'].map(
      (name) => documents<Manifest>(`deploy/kubernetes/${name}.yaml`)[1]?.spec as unknown as Workload,
    )
    const probes = workloads.flatMap(({ template }) =>
      template.spec.containers.flatMap(({ startupProbe, livenessProbe, readinessProbe }) => [
        startupProbe,
        livenessProbe,
        readinessProbe,
      ]),
    )

    const answers = await Promise.all(probes.map(({ httpGet }) => fetch(demo.url + httpGet.path)))
    await demo.stop()

    expect(answers.map(({ status }) => status)).toEqual(probes.map(() => 200))
  })
})
