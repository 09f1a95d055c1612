import { parentPort, workerData } from 'node:worker_threads'
import { KeeperUnavailableError } from './keeper.ts'
import { type ServiceOptions, startService } from './service.ts'

/** What the service's thread tells the one that started it. */
export type WorkerMessage =
  | {
      readonly type: 'started'
      readonly endpoint: string
      readonly peerId: string | null
      readonly addresses: string[]
    }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'error'; readonly message: string }

const port = parentPort
if (!port) throw new Error('worker.ts runs in a worker thread only')
const tell = (message: WorkerMessage): void => port.postMessage(message)

try {
  const onError = (error: unknown): void => tell({ type: 'error', message: describe(error) })
  const service = await startService(workerData as ServiceOptions, onError)
  port.once('message', () => {
    // Any message means: stop. A failure to stop in order is an uncaught rejection, which ends the thread as well.
    void service[Symbol.asyncDispose]().then(() => port.close())
  })
  tell({
    type: 'started',
    endpoint: service.endpoint,
    peerId: service.peerId,
    addresses: [...service.addresses],
  })
} catch (error) {
  tell({ type: 'refused', message: describe(error) })
  port.close()
}

function describe(error: unknown): string {
  // That somebody is away is no bug, and where they were asked from tells nothing.
  if (error instanceof KeeperUnavailableError)
    return `${error.message}${error.cause ? ` (${String(error.cause)})` : ''}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
