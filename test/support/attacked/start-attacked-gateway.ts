import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnCli } from '../spawn-cli.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { Sight, ToOnlooker } from './onlooker-process.ts'
import { rssBytesOf } from './process-state.ts'

const HEAP_MIB = 512
const MIB = 1024 ** 2
/** The promises, and what there may be in memory beyond the heap: code, stacks, and the buffers of sockets. */
const MAX_SILENCE_MS = 1_000
const MAX_ANSWER_MS = 2_000
const MAX_RSS_BYTES = (HEAP_MIB + 256) * MIB
/** Caches that an attack may fill, but for compiled documents. */
const MAX_KEPT_BYTES = 32 * MIB
const SERVING = /Serving GraphQL and GraphiQL at (http:\/\/\S+?\/graphql)/
const BUG = /Unexpected error/

/** Damage that an attack did to the gateway. */
interface Harm extends Sight {
  /** True when the process lives. */
  readonly isAlive: boolean
  /** Bytes in use after the attack beyond those before it, garbage collected. */
  readonly keptBytes: number
  /** Lines of the log that tell of a bug. */
  readonly bugs: readonly string[]
}

/** The command in a process with little memory, beside an honest service and an honest caller. Disposing it kills the process. */
export interface AttackedGateway extends AsyncDisposable {
  /** Of /graphql. */
  readonly url: string
  readonly pid: number
  /** The configuration, the data directory `.pinql`, and nothing else. */
  readonly folder: string
  /** What the process wrote to standard error. */
  readonly stderr: string
  /** Makes an attack, and looks at the gateway all the while. Rejects as the attack does. */
  underAttack(attack: () => Promise<unknown>): Promise<Harm>
  /**
   * Makes an attack, and returns a sentence for each promise that was broken: the process lives, `/health` answers within a second, an
   * honest query within two, memory stays flat, and no bug is logged.
   *
   * @param options.maxKeptBytes that may stay in memory, 32 MiB unless given
   */
  brokenPromises(attack: () => Promise<unknown>, options?: { maxKeptBytes?: number }): Promise<string[]>
}

interface AttackedOptions {
  /** Services beside `honest`, as in the configuration. The first is the default. */
  readonly services?: Readonly<Record<string, unknown>>
  readonly settings?: Readonly<Record<string, unknown>>
  /** True: while the file `full-disk` is in its folder, databases of the process cannot grow. Default false. */
  readonly canFillDisk?: boolean
}

/** Starts the command from its sources. */
export async function startAttackedGateway({
  services = {},
  settings = {},
  canFillDisk = false,
}: AttackedOptions = {}): Promise<AttackedGateway> {
  const folder = await temporaryFolder()
  const onlooker = fork(fileURLToPath(new URL('./onlooker-process.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  })
  const [endpoint] = (await once(onlooker, 'message')) as [string]
  const config = {
    port: 0,
    defaultService: Object.keys(services)[0] ?? 'honest',
    services: { ...services, honest: { endpoint, token: 'held-token', ...KNOWN } },
    ...settings,
  }
  await writeFile(join(folder.path, 'pinql.config.yaml'), JSON.stringify(config))
  const cli = spawnCli(['serve'], {
    cwd: folder.path,
    isSource: true,
    nodeOptions: [
      `--max-old-space-size=${HEAP_MIB}`,
      '--expose-gc',
      ...['--import', REPORT_MEMORY],
      ...(canFillDisk ? ['--import', LIMIT_DATABASES] : []),
    ],
    keeps: new RegExp(`${SERVING.source}|${BUG.source}`),
  })
  const { pid } = cli
  const [, url = ''] = await cli.output(SERVING)
  // Also where a test or a fuzzer fails.
  const kill = () => cli.kill('SIGKILL')
  process.once('exit', kill)
  let end: string | null = null
  void cli.exitCode.then((code) => {
    end = `The process ended with ${code}: ${cli.stderr.slice(-2_000)}`
  })
  const say = (message: ToOnlooker) => void onlooker.send(message)
  const bugs = () => cli.stdout.split('\n').filter((line) => BUG.test(line))

  async function usedBytes(): Promise<number> {
    const reports = () => [...cli.stderr.matchAll(/^memory (\d+)$/gm)]
    const { length } = reports()
    cli.kill('SIGUSR2')
    while (end === null && reports().length === length) await new Promise((resolve) => setTimeout(resolve, 20))
    return Number(reports().at(-1)?.[1] ?? 0)
  }

  async function underAttack(attack: () => Promise<unknown>): Promise<Harm> {
    const before = { usedBytes: await usedBytes(), bugs: bugs().length }
    say({ url, pid })
    try {
      await attack()
    } finally {
      say('stop')
    }
    const [sight] = (await once(onlooker, 'message')) as [Sight]
    const keptBytes = (await usedBytes()) - before.usedBytes
    return { ...sight, isAlive: end === null && rssBytesOf(pid) >= 0, keptBytes, bugs: bugs().slice(before.bugs) }
  }

  return {
    url,
    pid,
    folder: folder.path,
    get stderr() {
      return cli.stderr
    },
    underAttack,
    async brokenPromises(attack, { maxKeptBytes = MAX_KEPT_BYTES } = {}) {
      const harm = await underAttack(attack)
      if (end !== null) return [end]
      const { longestSilenceMs, slowestAnswerMs, keptBytes, peakRssBytes } = harm
      return [
        ...exceeded('Milliseconds for which /health was silent', longestSilenceMs, MAX_SILENCE_MS),
        ...exceeded('Milliseconds for which an honest caller waited', slowestAnswerMs, MAX_ANSWER_MS),
        ...exceeded('Bytes that were kept', keptBytes, maxKeptBytes),
        ...exceeded('Bytes of the process', peakRssBytes, MAX_RSS_BYTES),
        ...new Set(harm.failures),
        ...harm.bugs,
      ]
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      await cli[Symbol.asyncDispose]()
      const gone = once(onlooker, 'exit')
      onlooker.kill('SIGKILL')
      await gone
      await folder[Symbol.asyncDispose]()
    },
  }
}

const REPORT_MEMORY = new URL('./report-memory.mjs', import.meta.url).href
const LIMIT_DATABASES = new URL('./limit-databases.mjs', import.meta.url).href

/** Settings of a service without limits that matter, and without quirks to find out. */
export const KNOWN = {
  limits: [{ limit: 100_000, windowMs: 1_000 }],
  capabilities: { count: 'matching', multiStatus: true, maxCids: 10 },
}

function exceeded(what: string, value: number, most: number): string[] {
  return value <= most ? [] : [`${what}: ${Math.round(value)}, and at most ${most} are promised`]
}
