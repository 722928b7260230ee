import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'
import { App } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { DirectStack } from '../lib/direct-stack.js'
import { QueuedStack } from '../lib/queued-stack.js'

const MEGABYTE = 1_000_000
const props = {
  pixelId: '1234567890',
  allowedOrigins: ['https://www.example.com'],
  tokenSecretName: 'pixel-mirror/meta-access-token',
}

let direct: Template
let queued: Template
let outFolder: string

beforeAll(() => {
  // Inside this folder, so that the bundles find the SDK as they do in Lambda.
  const outdir = fileURLToPath(new URL('../cdk.out/test', import.meta.url))
  rmSync(outdir, { recursive: true, force: true })
  const app = new App({ outdir })
  const stacks = [new DirectStack(app, 'Direct', props), new QueuedStack(app, 'Queued', props)] as const
  outFolder = app.synth().directory
  direct = Template.fromStack(stacks[0])
  queued = Template.fromStack(stacks[1])
})

describe('both stacks', () => {
  it('run a current Node with active tracing, and let nothing but the secret’s name into the environment', () => {
    for (const template of [direct, queued]) {
      template.allResourcesProperties('AWS::Lambda::Function', {
        Runtime: 'nodejs22.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        Environment: { Variables: Match.objectLike({ META_ACCESS_TOKEN_SECRET: 'pixel-mirror/meta-access-token' }) },
      })
    }
  })

  it('may read that one secret', () => {
    direct.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: Match.arrayWith(['secretsmanager:GetSecretValue']), Effect: 'Allow' }),
        ]),
      },
    })
  })

  it('let pages of the allowed origins send, with cookies', () => {
    for (const template of [direct, queued]) {
      template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
        ProtocolType: 'HTTP',
        CorsConfiguration: Match.objectLike({ AllowCredentials: true, AllowOrigins: ['https://www.example.com'] }),
      })
    }
  })
})

describe('the stack with a queue', () => {
  it('keeps events for as long as Meta takes them, and moves none to the dead letters by a count', () => {
    queued.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 7 * 86_400,
      VisibilityTimeout: 360,
      RedrivePolicy: Match.absent(),
    })
  })

  it('answers SQS message by message', () => {
    queued.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1_000,
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
  })

  it('alarms on old events and on dead letters', () => {
    queued.resourceCountIs('AWS::CloudWatch::Alarm', 2)
  })
})

describe('the bundles', () => {
  const bundles = () =>
    readdirSync(outFolder)
      .map((name) => join(outFolder, name, 'index.mjs'))
      .filter((path) => existsSync(path))

  it('are below a megabyte each', () => {
    const sizes = bundles().map((path) => statSync(path).size)

    console.log('bundle sizes in bytes:', sizes.join(', '))
    expect(sizes).toHaveLength(3)
    expect(Math.max(...sizes)).toBeLessThan(MEGABYTE)
  })

  it('can be imported as they are', () => {
    for (const path of bundles()) {
      const script = `const t = performance.now(); const { handler } = await import(${JSON.stringify(path)}); console.log(typeof handler, Math.round(performance.now() - t) + ' ms')`
      const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        env: {
          PATH: process.env['PATH'],
          EVENTS_QUEUE_URL: 'https://sqs.example',
          DEAD_LETTERS_QUEUE_URL: 'https://sqs.example',
        },
        cwd: new URL('..', import.meta.url),
      })

      console.log('cold import:', run.stdout.trim(), run.stderr.trim().slice(0, 300))
      expect(run.stdout).toMatch(/^function/)
    }
  })
})
