import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The service as people run it, in a process of its own, with the tokens of the tests. */
export interface BuiltService extends Disposable {
  readonly endpoint: string
  readonly pid: number | undefined
}

/** Starts `pinql pinning-service` as built by `npm run build`. */
export async function startBuiltService(dataDir: string): Promise<BuiltService> {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const options = ['--port', '0', '--data-dir', dataDir, '--token', 'token-a', 'token-b']
  const child = spawn(process.execPath, [main, 'pinning-service', ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  // Also where the bench fails.
  process.once('exit', () => child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const [endpoint] = /http:\S+/.exec(line) ?? []
  if (!endpoint) throw new Error(`Expected the service's endpoint, and it printed: ${line}`)
  return { endpoint, pid: child.pid, [Symbol.dispose]: () => void child.kill() }
}
