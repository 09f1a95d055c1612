import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import WebSocket from 'ws'
import { type ConfigInput, createGateway, type Gateway, type GatewayOptions, parseConfig } from '../../../src/index.ts'
import { bearer, PINS_CHANGED } from '../live-transport/start-live-setup.ts'
import { compliant } from '../providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../providers/emulated-provider.ts'
import { ALICE } from '../start-test-api.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { stopServing } from './stop-serving.ts'

/** Serves a gateway in a host's server, at a port. */
export type Serve = (gateway: Gateway, port: number) => Promise<Server>

export interface Embedded extends AsyncDisposable {
  readonly gateway: Gateway
  readonly service: EmulatedProvider
  readonly server: Server
  readonly url: string
  readonly logged: readonly string[]
  stop(): Promise<void>
}

/** Mounts a gateway over one emulated service in a host's server. */
export async function embed(serve: Serve, options: GatewayOptions = {}, settings: ConfigInput = {}): Promise<Embedded> {
  const service = await startEmulatedProvider(compliant)
  const logged: string[] = []
  const folder = await temporaryFolder()
  const config = parseConfig({
    // Both capabilities are configured, so that no operation sends extra requests to learn them.
    services: { one: { endpoint: service.endpoint, capabilities: { multiStatus: true, count: 'matching' } } },
    liveDrainMs: 100,
    dataDir: folder.path,
    ...settings,
  })
  const gateway = await createGateway(config, { log: { write: (line) => void logged.push(line) }, ...options })
  const server = await serve(gateway, 0)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= stopServing(server, gateway)
    return stopped
  }
  return {
    gateway,
    service,
    server,
    url: `http://localhost:${(server.address() as AddressInfo).port}/graphql`,
    logged,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await service[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Sends an operation as clients do. */
export async function post(url: string, query: string, headers: Record<string, string> = bearer(ALICE)) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, body: (await response.json()) as unknown }
}

/** Counts sockets and servers of this process. */
export function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => /^TCP/.test(name)).length
}

/**
 * Opens a WebSocket with a subscription on it.
 *
 * @returns `answer`: the first message, or the code with which the gateway closed it in place of one
 */
export async function openSocket(url: string, params: Record<string, unknown> = { token: ALICE }) {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: params }))
  const first = once(socket, 'message').then(([data]) => JSON.parse(String(data)) as unknown)
  const answer = await Promise.race([first, closed])
  if (typeof answer === 'object')
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: PINS_CHANGED } }))
  return { socket, closed, answer }
}
