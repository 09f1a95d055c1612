import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Command } from './client-program.ts'

/**
 * Runs a command to its end and returns what it printed on standard output.
 *
 * @param options.timeoutMs milliseconds after which it is killed. Default: 10 minutes.
 * @throws {Error} when it cannot be started or its exit code is not 0; the message has all that it printed
 */
export async function runCommand({ command, args, cwd, env }: Command, options: { timeoutMs?: number } = {}) {
  const { timeoutMs = 600_000 } = options
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const [code, signal] = await once(child, 'close')
  const [stdout, stderr] = await output
  if (code === 0) return stdout
  const line = [command, ...args].join(' ')
  const end = signal === 'SIGKILL' ? `was killed after ${timeoutMs} ms` : `ended with ${signal ?? `exit code ${code}`}`
  throw new Error(`${line} ${end}\n${stdout}${stderr}`)
}

/** Returns whether a command is found in PATH. */
export function isInstalled(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined
}
