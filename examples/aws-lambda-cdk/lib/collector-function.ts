import { fileURLToPath } from 'node:url'
import { Duration } from 'aws-cdk-lib'
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'
import { RetentionDays, LogGroup } from 'aws-cdk-lib/aws-logs'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** What every stack is given. */
export interface CollectorProps {
  pixelId: string
  /** Origins of the pages that may send, for example `https://www.example.com`. */
  allowedOrigins: string[]
  apiVersion?: string
}

export interface FunctionProps extends CollectorProps {
  entry: 'collect' | 'enqueue' | 'relay'
  /** Holds the access token: as it is, or as `{"accessToken": "…"}`. */
  secret: ISecret
  timeout: Duration
  environment?: Record<string, string>
}

/** What stays outside the bundle: the SDK is part of the runtime, and the other queues are not used here. */
const EXTERNAL = [
  '@aws-sdk/*',
  'libsql',
  '@pixel-mirror/sandbox',
  'pino-pretty',
  // Loaded by the scheme of `QUEUE_URL` alone, which here is always `direct:`.
  './open-jetstream-queue-*',
  './open-postgres-queue-*',
  './sqlite-queue-*',
]

/** Of all file types that there are, the few that the collector answers with are enough. */
const ALIASES = { '--alias:mime-db': './lambda/mime-db.json' }

/** A function with the collector in it. */
export function collectorFunction(scope: Construct, id: string, props: FunctionProps): NodejsFunction {
  const { entry, secret, timeout, pixelId, allowedOrigins, apiVersion, environment = {} } = props
  const created = new NodejsFunction(scope, id, {
    entry: `${FOLDER}lambda/${entry}.ts`,
    projectRoot: FOLDER,
    // Not the lockfile: by its name CDK chooses who runs esbuild, and `npx` is there wherever Node is.
    depsLockFilePath: `${FOLDER}package.json`,
    runtime: Runtime.NODEJS_22_X,
    architecture: Architecture.ARM_64,
    memorySize: 512,
    timeout,
    tracing: Tracing.ACTIVE,
    logGroup: new LogGroup(scope, `${id}Logs`, { retention: RetentionDays.ONE_MONTH }),
    environment: {
      META_PIXEL_ID: pixelId,
      META_ACCESS_TOKEN_SECRET: secret.secretName,
      ALLOWED_ORIGINS: allowedOrigins.join(','),
      NODE_OPTIONS: '--enable-source-maps',
      ...(apiVersion && { META_API_VERSION: apiVersion }),
      ...environment,
    },
    bundling: {
      format: OutputFormat.ESM,
      target: 'node22',
      minify: true,
      sourceMap: true,
      externalModules: EXTERNAL,
      esbuildArgs: ALIASES,
      logLevel: LogLevel.ERROR,
      // Some dependencies are CommonJS and ask for `require`.
      banner: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  secret.grantRead(created)
  return created
}
