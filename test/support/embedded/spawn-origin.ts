import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface SpawnedOrigin extends AsyncDisposable {
  readonly cid: string
  readonly pid: number | undefined
  readonly origins: readonly string[]
}

/** An origin node in a process of its own; disposing kills it. */
export async function spawnOrigin(path: string): Promise<SpawnedOrigin> {
  const script = fileURLToPath(new URL('./origin-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    ...(JSON.parse(line) as { cid: string; origins: string[] }),
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
