import { startPostgres } from './postgres-server.mjs'

/** PostgreSQL as an engine that collectors share. Each cluster has tables of its own. */
export async function postgresEngine(folder) {
  const { url, cpuUs, stop } = await startPostgres(folder)
  return { name: 'postgres', title: 'PostgreSQL', url, cpuUs, stop }
}
