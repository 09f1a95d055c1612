import fc from 'fast-check'
import { many } from '../../test/support/attacked/costly-operations.ts'
import { startAttackedGateway } from '../../test/support/attacked/start-attacked-gateway.ts'
import { fuzzedFrame } from '../../test/support/live-transport/fuzzed-frames.ts'
import { openRawSocket } from '../../test/support/live-transport/raw-socket.ts'
import { sendFuzzed } from '../../test/support/live-transport/send-fuzzed.ts'
import { type Fuzzer, sendAll } from './fuzzer.ts'

const FRAMES_A_SOCKET = 12

/** Odd frames of WebSockets, some of them before the connection is initialised. */
export async function openFrames(): Promise<Fuzzer> {
  const gateway = await startAttackedGateway()
  return {
    gateway,
    async attack(random, inputs, sent) {
      const frames = fc.sample(fuzzedFrame, { seed: Math.floor(random() * 2 ** 31), numRuns: inputs * FRAMES_A_SOCKET })
      const starts = many(inputs, (n) => n * FRAMES_A_SOCKET)
      await sendAll(starts, async (start) => {
        const some = frames.slice(start, start + FRAMES_A_SOCKET)
        sent.push(JSON.stringify(some))
        await using socket = await openRawSocket(gateway.url.replace('http', 'ws'), {
          token: start % 10 === 0 ? null : 'any-token',
        })
        for (const frame of some) sendFuzzed(socket.ws, frame)
        if (socket.ws.readyState === socket.ws.OPEN) socket.ws.ping()
        await Promise.race([socket.closed, new Promise((resolve) => socket.ws.once('pong', resolve))])
      })
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}
