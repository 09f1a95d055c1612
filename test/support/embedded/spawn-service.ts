import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface SpawnedService {
  readonly endpoint: string
  /** Ends the process as `kill -9` does. */
  kill(): Promise<void>
}

/**
 * The service in a process of its own, with the tokens `token-a` and `token-b`.
 *
 * @param kubo endpoint of the Kubo daemon that keeps the content. Default: the service does.
 */
export async function spawnService(dataDir: string, kubo = ''): Promise<SpawnedService> {
  const script = fileURLToPath(new URL('./service-process.ts', import.meta.url))
  const args = ['--import', 'tsx', script, dataDir, kubo]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [endpoint] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    endpoint,
    kill: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
