import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzzedFrame } from '../../support/live-transport/fuzzed-frames.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { sendFuzzed } from '../../support/live-transport/send-fuzzed.ts'
import { startLiveSetup } from '../../support/live-transport/start-live-setup.ts'
import { ALICE } from '../../support/start-test-api.ts'

describe('a gateway', () => {
  it('survives any bytes sent to its socket, and logs no bug', async () => {
    await using setup = await startLiveSetup({ logLevel: 'warn' })
    const frames = fc.array(fuzzedFrame, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.boolean(), frames, async (isInitialised, sent) => {
        await using socket = await openRawSocket(setup.url, { token: isInitialised ? ALICE : null })
        for (const frame of sent) sendFuzzed(socket.ws, frame)
        // Heard out, unless it was closed for what it said.
        socket.ws.ping()
        await Promise.race([socket.closed, new Promise((resolve) => socket.ws.once('pong', resolve))])
      }),
      { numRuns: 300 },
    )
    await using socket = await openRawSocket(setup.url, { token: ALICE })
    socket.send({ id: '1', type: 'subscribe', payload: { query: '{ services { name } }' } })
    expect(await socket.next()).toMatchObject({ payload: { data: { services: [{ name: 'one' }] } } })
    expect(setup.gateway.logged.filter((line) => line.includes('Unexpected'))).toEqual([])
  })
})
