import { Duration, Stack, type StackProps } from 'aws-cdk-lib'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { collectorFunction, type CollectorProps } from './collector-function.js'
import { httpApi } from './http-api.js'

export interface DirectStackProps extends CollectorProps, StackProps {
  /** The name of the secret that holds the access token; it must exist. */
  tokenSecretName: string
}

/** HTTP API → Lambda → Conversions API. Small and cheap; while Meta is down, pages are told to come again. */
export class DirectStack extends Stack {
  constructor(scope: Construct, id: string, props: DirectStackProps) {
    super(scope, id, props)
    const secret = Secret.fromSecretNameV2(this, 'Token', props.tokenSecretName)
    // API Gateway ends a request after 30 seconds; the collector gives up by itself before that.
    const collect = collectorFunction(this, 'Collect', {
      ...props,
      entry: 'collect',
      secret,
      timeout: Duration.seconds(29),
    })
    httpApi(this, collect, props.allowedOrigins)
  }
}
