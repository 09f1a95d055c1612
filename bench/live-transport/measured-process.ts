import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Stats } from './serve-stats.ts'

/** A server in a process, and on a core, of its own. */
export interface MeasuredProcess extends AsyncDisposable {
  readonly url: string
  /** @param isExact collects garbage first, for figures of memory that mean something; takes CPU time */
  stats(isExact?: boolean): Promise<Stats>
}

const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0

/** Starts a server on core 0, and moves this process to core 1, where that can be done. */
export async function startMeasured(file: string, ...args: readonly string[]): Promise<MeasuredProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const node = [process.execPath, '--expose-gc', '--import', 'tsx', path, ...args]
  const [command, ...rest] = CAN_PIN ? ['taskset', '-c', '0', ...node] : node
  if (CAN_PIN) spawnSync('taskset', ['-acp', '1', String(process.pid)])
  const child: ChildProcess = spawn(command ?? '', rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let hasExited = false
  child.once('exit', () => {
    hasExited = true
  })
  const ask = async () => (await once(child, 'message'))[0]
  const url = (await ask()) as string
  return {
    url,
    async stats(isExact = true) {
      if (hasExited) throw new Error('The measured process has exited')
      const answer = ask()
      child.send(isExact)
      return (await answer) as Stats
    },
    async [Symbol.asyncDispose]() {
      if (hasExited) throw new Error('The measured process has exited by itself')
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
