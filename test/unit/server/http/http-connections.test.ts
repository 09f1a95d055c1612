import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { createClientAddresses } from '../../../../src/server/http/client-address.ts'
import { HttpConnections } from '../../../../src/server/http/http-connections.ts'

const LIMITS = { maxHttpConnections: 10, maxHttpConnectionsPerAddress: 6 }

/** A connection in memory from an address. */
class FakeSocket extends PassThrough {
  readonly remoteAddress: string
  readonly #gaveWay: (socket: FakeSocket) => void

  constructor(remoteAddress: string, gaveWay: (socket: FakeSocket) => void) {
    super()
    this.remoteAddress = remoteAddress
    this.#gaveWay = gaveWay
  }

  destroySoon(): void {
    this.#gaveWay(this)
  }
}

function setUp() {
  const connections = new HttpConnections(LIMITS, createClientAddresses([]))
  const closed: FakeSocket[] = []
  const open = (address: string): { socket: FakeSocket; isAdmitted: boolean } => {
    const socket = new FakeSocket(address, (each) => void closed.push(each))
    return { socket, isAdmitted: connections.admit(socket as unknown as Socket) }
  }
  const begin = (socket: FakeSocket, complete: boolean) =>
    connections.began({ socket: socket as unknown as Socket, complete } as IncomingMessage)
  return { connections, closed, open, begin }
}

it('closes none of those that come at once until there are twice as many as may be, and then the oldest', () => {
  const { connections, closed, open } = setUp()
  const sockets = Array.from({ length: 12 }, () => open('203.0.113.1').socket)
  expect(closed).toEqual([])
  expect(open('203.0.113.1').isAdmitted).toBe(true)
  expect(closed).toEqual(sockets.slice(0, 1))
  expect(connections.size).toBe(12)
})

it('counts connections from all addresses together as well', () => {
  const { connections, closed, open } = setUp()
  const sockets = Array.from({ length: 20 }, (_, n) => open(`203.0.113.${n}`).socket)
  expect(closed).toEqual([])
  open('198.51.100.1')
  expect(closed).toEqual(sockets.slice(0, 1))
  expect(connections.size).toBe(20)
})

it('closes no connection on which an answer is owed, and shuts out new clients of that address only', () => {
  const { closed, open, begin } = setUp()
  for (let n = 0; n < 6; n++) begin(open('203.0.113.1').socket, true)
  const late = open('203.0.113.1')
  expect(late.isAdmitted).toBe(false)
  expect(late.socket.writableEnded).toBe(true)
  expect(open('203.0.113.2').isAdmitted).toBe(true)
  expect(closed).toEqual([])
})

it('forgets those that are closed, have become something else, or come back from it', () => {
  const { connections, open, begin } = setUp()
  const { socket } = open('203.0.113.1')
  const other = open('203.0.113.1').socket
  connections.release(socket as unknown as Socket)
  expect(connections.size).toBe(1)
  begin(socket, true)
  expect(connections.size).toBe(2)
  connections.release(socket as unknown as Socket)
  connections.ended(socket as unknown as Socket)
  expect(connections.size).toBe(2)
  other.emit('close')
  socket.emit('close')
  expect(connections.size).toBe(0)
})
