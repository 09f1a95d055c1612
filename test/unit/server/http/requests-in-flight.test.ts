import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RequestsInFlight } from '../../../../src/server/http/requests-in-flight.ts'

/** @param isQueued true for an answer that waits behind another of the same connection */
function request(socket: EventEmitter, isQueued = false) {
  const req = { socket } as unknown as IncomingMessage
  const res = Object.assign(new EventEmitter(), { socket: isQueued ? null : socket }) as unknown as ServerResponse
  return { req, res }
}

describe('requests in flight', () => {
  it('are those that were added and not released, in whatever order they come and go', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 200 }), (steps) => {
        const inFlight = new RequestsInFlight()
        const open = new Map<number, { res: ServerResponse; release: () => void }>()
        for (const name of steps) {
          const known = open.get(name)
          known?.release()
          // Released twice, as by the end of the response and of its connection.
          known?.release()
          if (known) open.delete(name)
          else {
            const { req, res } = request(new EventEmitter())
            open.set(name, { res, release: inFlight.add(req, res) })
          }
          expect(new Set(inFlight.responses)).toEqual(new Set([...open.values()].map(({ res }) => res)))
        }
      }),
    )
  })

  it('are over when the last is released, or its connection has gone', async () => {
    const inFlight = new RequestsInFlight()
    const socket = new EventEmitter()
    const first = request(socket)
    const queued = request(socket, true)
    const release = inFlight.add(first.req, first.res)
    inFlight.add(queued.req, queued.res)
    const finished = inFlight.finish(60_000)
    release()
    expect(inFlight.responses).toEqual([queued.res])
    // An answer that waits behind another hears nothing of its connection.
    socket.emit('close')
    await finished
    expect(inFlight.responses).toEqual([])
  })
})
