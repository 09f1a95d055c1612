import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AttackedGateway, KNOWN, startAttackedGateway } from './start-attacked-gateway.ts'

/** Token that the gateway holds for the odd service. */
export const HELD = '-held.token-'
const SERVICES = 40

/** One answer of the odd service. */
interface OddAnswer {
  readonly status: number
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** True sends each byte of the body, which is a text, in a chunk of its own. */
  readonly isInBytes?: boolean
}

/** A service that answers as a test likes, and the command that asks it. Disposing it stops both. */
export interface OddService extends AsyncDisposable {
  readonly gateway: AttackedGateway
  /** Takes the name of a service that nobody has asked yet. All are this one, but what was learned of one concerns no other. */
  nextName(): string
  /** Sets what is answered from now on. */
  answer(answerOf: (request: IncomingMessage) => OddAnswer): void
  /** Sends an operation in which `NAME` stands for the next name, and returns the result. Fails if the service was not asked. */
  answerTo(query: string, answerOf: (request: IncomingMessage) => OddAnswer): Promise<unknown>
}

export async function startOddService(): Promise<OddService> {
  let answerOf: (request: IncomingMessage) => OddAnswer = () => ({ status: 500, body: '' })
  let asked = 0
  let names = 0
  const server = createServer((req, res) => {
    req.resume()
    asked++
    const { status, body, headers, isInBytes = false } = answerOf(req)
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    if (isInBytes) writeInBytes(res, body.toString('latin1'))
    else res.end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const odd = { token: HELD, limits: KNOWN.limits }
  const gateway = await startAttackedGateway({
    services: Object.fromEntries(
      Array.from({ length: SERVICES }, (_, n) => [`odd-${n}`, { endpoint: `${endpoint}/${n}`, ...odd }]),
    ),
  })
  const nextName = (): string => `odd-${names++}`
  return {
    gateway,
    nextName,
    answer(next) {
      answerOf = next
    },
    async answerTo(query, next) {
      answerOf = next
      const before = asked
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: query.replaceAll('NAME', nextName()) }),
      })
      const result = await response.json()
      if (asked === before) throw new Error(`The service was not asked: ${JSON.stringify(result).slice(0, 500)}`)
      return result
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Writes chunks to the connection itself: to write each by the response would take minutes. */
function writeInBytes(res: ServerResponse, body: string): void {
  res.flushHeaders()
  const { socket } = res
  let at = 0
  const more = (): void => {
    if (!socket?.writable) return
    const part = body.slice(at, at + 20_000)
    at += part.length
    const chunks = part.replace(/./gs, '1\r\n$&\r\n')
    if (at < body.length) socket.write(chunks, more)
    else socket.write(`${chunks}0\r\n\r\n`, () => socket.destroy())
  }
  more()
}
