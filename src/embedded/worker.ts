import { parentPort, workerData } from 'node:worker_threads'
import type { RequestLine } from './http/watch-requests.ts'
import type { Notice } from './queue/keeper-presence.ts'
import { type EmbeddedOptions, startInThisThread } from './start-in-this-thread.ts'

/** Messages to the thread of the service. A stop also stops the transfers. */
export type WorkerCommand = 'stop transfers' | 'stop'

/** The options of the service and of its thread. */
export interface WorkerData extends EmbeddedOptions {
  /** Whether each request is told to the thread that started this one. */
  readonly tellsRequests: boolean
}

/** Messages from the thread of the service to the thread that started it. */
export type WorkerMessage =
  | {
      readonly type: 'started'
      readonly endpoint: string
      readonly peerId: string | null
      readonly addresses: string[]
      readonly delegates: string[]
    }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'notice'; readonly notice: Notice }
  | { readonly type: 'request'; readonly request: RequestLine }

const port = parentPort
if (!port) throw new Error('worker.ts runs in a worker thread only')
const options = workerData as WorkerData
const tell = (message: WorkerMessage): void => port.postMessage(message)

try {
  const service = await startInThisThread(
    options,
    (error) => tell({ type: 'error', message: describe(error) }),
    (notice) => tell({ type: 'notice', notice }),
    options.tellsRequests ? (request) => tell({ type: 'request', request }) : undefined,
  )
  port.on('message', (command: WorkerCommand) => {
    service.stopTransfers()
    // When stopping fails, the unhandled rejection ends the thread. Without `exit`, a timer of libp2p would keep it for a second.
    if (command === 'stop') void service[Symbol.asyncDispose]().then(() => process.exit())
  })
  tell({
    type: 'started',
    endpoint: service.endpoint,
    peerId: service.peerId,
    addresses: [...service.addresses],
    delegates: [...service.delegates],
  })
} catch (error) {
  tell({ type: 'refused', message: describeFailure(error) })
  port.close()
}

/** Describes why the service cannot start, such as a port in use. Only a bug is described with its stack. */
function describeFailure(error: unknown): string {
  const isBug = [TypeError, RangeError, ReferenceError].some((type) => error instanceof type)
  if (!(error instanceof Error) || isBug) return describe(error)
  // libp2p puts stack traces into its messages.
  return error.message.replace(/\n\s+at .*/g, '').trim()
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
