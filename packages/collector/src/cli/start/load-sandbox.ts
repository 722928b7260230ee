import { SettingsError } from '../../errors.js'

/** The package that stands in for Meta. It is optional: whoever has a token need not install it. */
export type SandboxPackage = typeof import('@pixel-mirror/sandbox')

/** @throws SettingsError when it is not installed */
export async function loadSandbox(): Promise<SandboxPackage> {
  try {
    return await import('@pixel-mirror/sandbox')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new SettingsError([
      'No access token is set, and the sandbox that would stand in for Meta is not installed: set META_PIXEL_ID and META_ACCESS_TOKEN, or npm install @pixel-mirror/sandbox',
    ])
  }
}
