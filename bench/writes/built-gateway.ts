import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'

/** Of the times in `/proc`: Linux has the same on all usual machines. */
const TICKS_PER_SECOND = 100
/** Of the file that SQLite shares between processes: how many transactions have changed the database. */
const CHANGES_AT = 8

/** The built gateway, alone on a core. */
export interface BuiltGateway extends AsyncDisposable {
  readonly port: number
  /** User and system time since the start, in microseconds. */
  cpuMicroseconds(): number
  /** Transactions of the journal since the start. Each waits once for the disk. */
  journalTransactions(): number
}

/**
 * Starts `pinql serve` as `npm run build` made it, in front of one service without limits.
 *
 * @param flags for Node, such as `--cpu-prof`
 */
export async function startBuiltGateway(endpoint: string, core: number, flags: string[] = []): Promise<BuiltGateway> {
  const folder = await temporaryFolder()
  const config = join(folder.path, 'config.json')
  const limits = [{ limit: 1_000_000, windowMs: 1000 }]
  writeFileSync(config, JSON.stringify({ services: { echo: { endpoint, limits } }, defaultService: 'echo' }))
  const port = await freePort()
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const options = ['--config', config, '--port', String(port), '--data-dir', folder.path, '--log-level', 'warn']
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...flags, main, 'serve', ...options], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  // Also where the bench fails.
  process.once('exit', () => child.kill())
  while (!(await isUp(port))) if (child.exitCode !== null) throw new Error('The gateway did not start')
  return {
    port,
    cpuMicroseconds() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000
    },
    journalTransactions: () => readUint32(join(folder.path, 'writes.db-shm'), CHANGES_AT),
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function isUp(port: number): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

function readUint32(path: string, position: number): number {
  const buffer = Buffer.alloc(4)
  const file = openSync(path, 'r')
  readSync(file, buffer, { position })
  closeSync(file)
  return buffer.readUInt32LE()
}
