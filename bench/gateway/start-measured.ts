import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'

/** A server in a process of its own, on core 0 where `taskset` can do that. */
export interface MeasuredServer extends AsyncDisposable {
  readonly port: number
  /** User and system time of the process since its start, in microseconds. */
  cpuMicroseconds(): Promise<number>
}

const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0
const HAS_PROC = existsSync('/proc/self/stat')
/** Linux counts in hundredths of a second wherever Node runs. */
const MICROSECONDS_PER_TICK = 10_000
const REPORT_USAGE = new URL('report-usage.mjs', import.meta.url).href

/** Moves this process, with all that it starts from now on, to core 1, away from the measured server. */
export function leaveCoreToMeasured(): void {
  if (CAN_PIN) spawnSync('taskset', ['-acp', '1', String(process.pid)])
}

/**
 * Starts a server by Node without any loader. It has to listen on the port given.
 *
 * @param argumentsFor its file and arguments
 * @param options.env added to the environment; PORT has the port
 * @throws {Error} when the process ends before it listens
 */
export async function startMeasured(
  argumentsFor: (port: number) => readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<MeasuredServer> {
  const port = await findFreePort()
  const loader = HAS_PROC ? [] : ['--import', REPORT_USAGE]
  const node = [process.execPath, ...loader, ...argumentsFor(port)]
  const [command = '', ...rest] = CAN_PIN ? ['taskset', '-c', '0', ...node] : node
  const child: ChildProcess = spawn(command, rest, {
    cwd: options.cwd,
    env: { ...process.env, NODE_ENV: 'production', PORT: String(port), ...options.env },
    stdio: ['ignore', 'ignore', 'inherit', ...(HAS_PROC ? [] : ['ipc' as const])],
  })
  const exited = once(child, 'exit')
  // Also where the bench fails.
  process.once('exit', () => child.kill())
  while (!(await isListening(port))) {
    const end = child.exitCode ?? child.signalCode
    if (end !== null) throw new Error(`The server ended with ${end} before it listened`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    port,
    async cpuMicroseconds() {
      if (HAS_PROC) return readCpuMicroseconds(child.pid as number)
      child.send('usage')
      return (await once(child, 'message'))[0] as number
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
    },
  }
}

function readCpuMicroseconds(pid: number): number {
  // The name of the program stands in parentheses and may contain anything; user and system time are 12 and 13 fields behind it.
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number) as [number, number]
  return (user + system) * MICROSECONDS_PER_TICK
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

async function isListening(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' })
    return true
  } catch {
    return false
  }
}
