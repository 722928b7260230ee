import { CfnOutput, Duration } from 'aws-cdk-lib'
import { CorsHttpMethod, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'

/** An HTTP API in front of a function: every route goes there, and pages of the allowed origins may send cookies along. */
export function httpApi(scope: Construct, target: IFunction, allowedOrigins: string[]): HttpApi {
  const api = new HttpApi(scope, 'Api', {
    defaultIntegration: new HttpLambdaIntegration('Collector', target),
    corsPreflight: {
      allowOrigins: allowedOrigins,
      allowMethods: [CorsHttpMethod.POST, CorsHttpMethod.GET],
      allowHeaders: ['content-type'],
      allowCredentials: true,
      maxAge: Duration.hours(2),
    },
  })
  new CfnOutput(scope, 'Url', { value: api.apiEndpoint, description: 'Put it behind the shop’s own host name.' })
  return api
}
