import { App } from 'aws-cdk-lib'
import { DirectStack } from '../lib/direct-stack.js'
import { QueuedStack } from '../lib/queued-stack.js'

const app = new App()

/** `cdk deploy PixelMirrorQueued -c pixelId=… -c allowedOrigins=https://www.example.com -c tokenSecretName=…` */
const props = {
  pixelId: given('pixelId', '1234567890'),
  allowedOrigins: given('allowedOrigins', 'https://www.example.com').split(','),
  tokenSecretName: given('tokenSecretName', 'pixel-mirror/meta-access-token'),
}

new DirectStack(app, 'PixelMirrorDirect', props)
new QueuedStack(app, 'PixelMirrorQueued', props)

function given(name: string, example: string): string {
  return (app.node.tryGetContext(name) as string | undefined) ?? example
}
