import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawnCli } from '../../support/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { type ClientServer, SERVICE_TOKEN, startAdvancingService } from './client-server.ts'

/** Starts the built package by its command, with a configuration file. `dist/` must be built. */
export async function startTodayServer(): Promise<ClientServer> {
  const folder = await temporaryFolder()
  const service = await startAdvancingService()
  const services = { local: { endpoint: service.endpoint, token: SERVICE_TOKEN } }
  // JSON is YAML.
  await writeFile(join(folder.path, 'pinql.config.yaml'), JSON.stringify({ port: 0, services }))
  const gateway = spawnCli(['serve'], { cwd: folder.path })
  async function stop(): Promise<void> {
    await gateway[Symbol.asyncDispose]()
    await service[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  try {
    const [url] = await gateway.output(/http:\/\/\S+\/graphql/)
    return { name: 'today', url, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}
