import { type ChildProcess, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EmbeddedOptions } from '../../../src/embedded/start-in-this-thread.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { PsaClient } from './psa-client.ts'

const HEAP_MIB = 512
/** Milliseconds between two looks at a service that is attacked. */
const LOOK_MS = 50

interface ServiceState {
  /** Live objects and buffers after a full collection. */
  readonly usedBytes: number
  readonly rssBytes: number
  /** Highest since the start. */
  readonly maxRssBytes: number
  /** Longest time, in milliseconds of CPU, for which the event loop of the service did not turn since it was last asked. */
  readonly longestBlockMs: number
}

/** The embedded service in a process with little memory. Disposing it kills the process. */
export interface AttackedService extends AsyncDisposable {
  readonly dataDir: string
  readonly endpoint: string
  readonly addresses: readonly string[]
  /** With the first token. */
  readonly client: PsaClient
  /** With the second one. */
  readonly honest: PsaClient
  /** Failures that the service reported as its own. */
  readonly errors: readonly string[]
  isAlive(): boolean
  state(): Promise<ServiceState>
  /** Makes an attack, and lists the pins of an honest token all the while. Returns the state of the service afterwards. */
  stateAfter(attack: () => Promise<unknown>): Promise<ServiceState>
}

/** Starts the service with the tokens `token-a` and `token-b`, of which the second is the honest one. */
export async function startAttackedService(options: Partial<EmbeddedOptions> = {}): Promise<AttackedService> {
  const folder = await temporaryFolder()
  const given: EmbeddedOptions = {
    host: '127.0.0.1',
    port: 0,
    dataDir: folder.path,
    tokens: ['token-a', 'token-b'],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    limits: {},
    dialRanges: null,
    gateways: [],
    kubo: null,
    ...options,
  }
  const script = fileURLToPath(new URL('./attacked-process.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(given)], {
    execArgv: ['--import', 'tsx', '--expose-gc', `--max-old-space-size=${HEAP_MIB}`],
  })
  const errors: string[] = []
  child.on('message', (message: { type: string; text?: string }) => {
    if (message.type === 'error') errors.push(message.text ?? '')
  })
  const { endpoint, addresses } = await answerOf<{ endpoint: string; addresses: string[] }>(child, 'started')
  const honest = new PsaClient(endpoint, 'token-b')
  const state = (): Promise<ServiceState> => {
    child.send('state')
    return answerOf<ServiceState>(child, 'state')
  }
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    dataDir: given.dataDir,
    endpoint,
    addresses,
    client: new PsaClient(endpoint),
    honest,
    errors,
    isAlive,
    state,
    stateAfter: async (attack) => {
      await state()
      let isOver = false
      const attacked = attack().finally(() => {
        isOver = true
      })
      while (!isOver) {
        await honest.list()
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
      await attacked
      return state()
    },
    [Symbol.asyncDispose]: async () => {
      if (isAlive()) {
        const exit = once(child, 'exit')
        child.kill('SIGKILL')
        await exit
      }
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function answerOf<Message>(child: ChildProcess, type: string): Promise<Message> {
  const ended = new AbortController()
  const onExit = (code: number | null): void => ended.abort(new Error(`The service ended with ${code}`))
  child.once('exit', onExit)
  try {
    for await (const [message] of on(child, 'message', { signal: ended.signal })) {
      if (message.type === type) return message as Message
    }
    throw new Error('The service says nothing')
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error
  } finally {
    child.removeListener('exit', onExit)
  }
}
