import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FakeKuboState } from './fake-kubo-state.ts'

export const FAKE_PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

/** Failures of a command: all that Kubo documents, and broken connections. */
export type Fault =
  /** Status 500 and an error object, before anything else. */
  | { readonly status: number; readonly message: string }
  /** After the answer began: the trailer `X-Stream-Error`, as Kubo does today. */
  | { readonly trailer: string }
  /** After the answer began: an error object as its last line, as some commands do besides. */
  | { readonly line: string }
  | { readonly answer: string }
  | 'cut'
  | 'silence'

export interface FakeKuboOptions {
  /** Default: a new one, with nothing in it. */
  readonly state?: FakeKuboState
  /** Default: any. */
  readonly port?: number
  /** Without this bearer token a request is refused. Default: none is asked for. */
  readonly token?: string
  /** In place of a bearer token, the whole header without which a request is refused. */
  readonly authorization?: string
  /** True: pins have names and progress has bytes, as in recent versions. Default true. */
  readonly isRecent?: boolean
  /** Called as each request arrives, before it is carried out. */
  readonly onRequest?: () => void
}

export interface FakeKubo extends AsyncDisposable {
  readonly endpoint: string
  readonly port: number
  readonly state: FakeKuboState
  /** Command and `arg`s of each request so far, such as `pin/add bafy…`. */
  readonly requests: readonly string[]
  /** The next requests of a command go wrong, one after the other. */
  fail(command: string, ...faults: Fault[]): void
}

type Emit = (object: unknown) => void

/**
 * An emulation of the RPC API of a Kubo daemon, as far as pins go, from its documentation and its source: answers of an
 * object a line, zeros left out, the three forms of an error, and pins that are dropped before they are made anew.
 */
export async function startFakeKubo(options: FakeKuboOptions = {}): Promise<FakeKubo> {
  const { state = new FakeKuboState(), isRecent = true } = options
  const requests: string[] = []
  const faults = new Map<string, Fault[]>()
  const notPinned = (cid: string | undefined) => new Error(`path '${cid}' is not pinned`)

  const commands: Record<string, (args: URLSearchParams, emit: Emit, signal: AbortSignal) => Promise<void> | void> = {
    id: (_, emit) =>
      emit({ ID: FAKE_PEER, Addresses: [`/ip4/203.0.113.7/tcp/4001/p2p/${FAKE_PEER}`], AgentVersion: 'kubo/0.39.0/' }),
    'swarm/connect': (args, emit) => emit({ Strings: args.getAll('arg').map((each) => `connect ${each} success`) }),
    'pin/ls': (args, emit) => {
      const asked = args.getAll('arg')
      for (const cid of asked) if (!state.pins.has(cid)) throw notPinned(cid)
      const names = isRecent && args.get('names') === 'true'
      const found = [...state.pins].filter(([cid]) => asked.length === 0 || asked.includes(cid))
      const list = found.map(([cid, name]) => ({
        cid,
        Type: 'recursive',
        ...(isRecent && { Name: names ? name : '' }),
      }))
      if (args.get('stream') !== 'true') emit({ Keys: Object.fromEntries(list.map(({ cid, ...rest }) => [cid, rest])) })
      else for (const { cid, Type, Name } of list) emit({ Cid: cid, ...(Name && { Name }), Type })
    },
    'pin/add': async (args, emit, signal) => {
      const cid = args.get('arg') ?? ''
      const progress = { Progress: 0, Bytes: 0 }
      const tell = () => emit({ ...(progress.Progress && (isRecent ? progress : { Progress: progress.Progress })) })
      const ticker = setInterval(tell, 10)
      try {
        state.pins.delete(cid)
        await state.fetch(
          cid,
          (size) => {
            progress.Progress++
            progress.Bytes += size
          },
          signal,
        )
        state.pins.set(cid, isRecent ? (args.get('name') ?? '') : '')
      } finally {
        clearInterval(ticker)
      }
      tell()
      emit({ Pins: [cid] })
    },
    'pin/rm': (args, emit) => {
      const cid = args.get('arg') ?? ''
      if (!state.pins.delete(cid)) throw new Error('not pinned or pinned indirectly')
      emit({ Pins: [cid] })
    },
    'dag/stat': (args, emit) => {
      const cid = args.get('arg') ?? ''
      const { blocks, bytes } = state.stat(cid)
      emit({ UniqueBlocks: blocks, TotalSize: bytes, DagStats: [{ Cid: cid, Size: bytes, NumBlocks: blocks }] })
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://kubo')
    const command = url.pathname.slice('/api/v0/'.length)
    requests.push([command, ...url.searchParams.getAll('arg')].join(' '))
    options.onRequest?.()
    const refuse = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
    const expected = options.authorization ?? (options.token && `Bearer ${options.token}`)
    if (expected && request.headers.authorization !== expected) {
      return void refuse(403, 'Kubo RPC Access Denied: Please provide a valid authorization token')
    }
    if (request.method !== 'POST') return void refuse(405, '405 - Method Not Allowed')
    const run = commands[command]
    if (!run) return void refuse(404, '404 page not found')

    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const emit: Emit = (object) => {
      if (!response.headersSent) {
        response.writeHead(200, {
          'content-type': 'application/json',
          'x-chunked-output': '1',
          trailer: 'X-Stream-Error',
        })
      }
      response.write(`${JSON.stringify(object)}\n`)
    }
    const errorOf = (message: string) => ({ Message: message, Code: 0, Type: 'error' })
    const refuseWith = (status: number, message: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(errorOf(message))}\n`)
    const fault = faults.get(command)?.shift()
    if (fault === 'silence') return
    if (fault === 'cut') return void response.destroy()
    if (fault && 'answer' in fault) return void response.writeHead(200).end(fault.answer)
    if (fault && 'status' in fault) return void refuseWith(fault.status, fault.message)
    try {
      if (fault) {
        emit({})
        if ('trailer' in fault) throw new Error(fault.trailer)
        return void response.end(`${JSON.stringify(errorOf(fault.line))}\n`)
      }
      await run(url.searchParams, emit, gone.signal)
      response.end()
    } catch (error) {
      const { message } = error as Error
      if (!response.headersSent) return void refuseWith(500, message)
      response.addTrailers({ 'X-Stream-Error': message })
      response.end()
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    state,
    requests,
    fail: (command, ...more) => void faults.set(command, [...(faults.get(command) ?? []), ...more]),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
