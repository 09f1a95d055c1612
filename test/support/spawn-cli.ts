import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A running `pinql`. Disposing kills it. */
export interface CliProcess extends AsyncDisposable {
  readonly pid: number
  /** What it wrote so far, or the lines of that which `keeps` matches. */
  readonly stdout: string
  readonly stderr: string
  /** The exit code, once both outputs are complete; null when a signal ended it. */
  readonly exitCode: Promise<number | null>
  /**
   * Waits until standard output matches.
   *
   * @throws {Error} with both outputs, when the process ends before
   */
  output(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Stops reading standard output, as `head` does when it has enough. */
  closeOutput(): void
}

interface CliOptions {
  /** Where it finds its configuration file and keeps its data. */
  readonly cwd: string
  /** Variables beside PATH. Nothing else of this process's environment is passed on. */
  readonly env?: Record<string, string>
  /** True runs the sources, which need no build. Default: the built files, as a user would. */
  readonly isSource?: boolean
  /** Options of Node, such as `--max-old-space-size=512`. */
  readonly nodeOptions?: readonly string[]
  /** Lines of standard output to keep, where a process writes too many. Default: all. */
  readonly keeps?: RegExp
}

/** Runs `pinql` in a process of its own. */
export function spawnCli(args: readonly string[], options: CliOptions): CliProcess {
  const { cwd, env = {}, isSource = false, nodeOptions = [], keeps = null } = options
  const program = isSource ? ['--import', import.meta.resolve('tsx'), SOURCE] : [MAIN]
  const child: ChildProcess = spawn(process.execPath, [...nodeOptions, ...program, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
  })
  let stdout = ''
  let stderr = ''
  let unfinished = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unfinished + text).split(/(?<=\n)/)
    unfinished = keeps && !text.endsWith('\n') ? (lines.pop() ?? '') : ''
    stdout += keeps ? lines.filter((line) => keeps.test(line)).join('') : text
    child.emit('pinql-output')
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    exitCode,
    async output(pattern) {
      for (;;) {
        const match = pattern.exec(stdout)
        if (match) return match
        const event = await Promise.race([once(child, 'pinql-output'), exitCode.then(() => 'exit')])
        if (event === 'exit' && !pattern.test(stdout)) {
          throw new Error(`pinql ended before it wrote ${pattern}. It wrote:\n${stdout}\n${stderr}`)
        }
      }
    },
    kill: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout?.destroy(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exitCode
    },
  }
}

/** Runs `pinql` to its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions,
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  await using cli = spawnCli(args, options)
  const exitCode = await cli.exitCode
  return { exitCode, stdout: cli.stdout, stderr: cli.stderr }
}
