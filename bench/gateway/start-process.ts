import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, whose processor time can be told from everybody else's. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string
  /** Returns the process's report of itself. `afterGc` collects garbage first, which takes time. */
  report(options?: { afterGc?: boolean }): Promise<ProcessReport>
}

export interface ProcessReport {
  /** User and system time since the start. */
  readonly cpuMicroseconds: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly handles: number
  /** Whatever else the server counts. */
  readonly counts: Readonly<Record<string, number>>
}

/**
 * Starts a file of this folder that calls `serve`.
 *
 * @param settings handed to it
 */
export async function startProcess(file: string, settings: unknown = {}, flags: string[] = []): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(settings)], {
    execArgv: ['--import', 'tsx', '--expose-gc', ...flags],
    // As the command has it.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [ready] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error(`${file} did not start`)
    }),
  ])) as [{ url: string }]
  return {
    url: ready.url,
    async report({ afterGc = false } = {}) {
      child.send({ afterGc })
      const [report] = (await once(child, 'message')) as [ProcessReport]
      return report
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}

/** In the process: tells the parent where it serves, and answers its questions. */
export function serve<Settings>(
  start: (settings: Settings) => Promise<{ url: string; counts?: () => Record<string, number> }>,
): void {
  start(JSON.parse(process.argv[2] ?? '{}') as Settings).then(
    ({ url, counts }) => {
      process.on('message', ({ afterGc }: { afterGc: boolean }) => {
        // Twice, since what the first round finalises is only free after the second.
        for (let i = 0; i < 2 && afterGc; i++) globalThis.gc?.()
        const { user, system } = process.cpuUsage()
        const { rss, heapUsed } = process.memoryUsage()
        const report: ProcessReport = {
          cpuMicroseconds: user + system,
          rssBytes: rss,
          heapBytes: heapUsed,
          handles: process.getActiveResourcesInfo().length,
          counts: counts?.() ?? {},
        }
        process.send?.(report)
      })
      process.send?.({ url })
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
      process.exit(1)
    },
  )
}
