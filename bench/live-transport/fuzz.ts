import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { fuzzedFrame } from '../../test/support/live-transport/fuzzed-frames.ts'
import { openRawSocket } from '../../test/support/live-transport/raw-socket.ts'
import { sendFuzzed } from '../../test/support/live-transport/send-fuzzed.ts'
import { repeat } from './clients.ts'
import { startWatchedPin, TOKEN } from './watched-pin.ts'

const AT_ONCE = 32
const FRAMES_A_SOCKET = 12

/** Odd frames, so many; the gateway is there and answers afterwards. */
export async function fuzz(frames: number): Promise<string> {
  await using watched = await startWatchedPin()
  const { gateway } = watched
  const seed = seedOf(process.env.PROPERTY_SEED)
  const startedAt = performance.now()
  let sent = 0
  for (let round = 0; sent < frames; round++) {
    const sample = fc.sample(fuzzedFrame, { seed: seed + round, numRuns: 5_000 })
    await repeat(Math.ceil(sample.length / FRAMES_A_SOCKET), AT_ONCE, async (index) => {
      await using socket = await openRawSocket(gateway.url.replace('http', 'ws'), {
        token: index % 10 === 0 ? null : TOKEN,
      })
      for (const frame of sample.slice(index * FRAMES_A_SOCKET, (index + 1) * FRAMES_A_SOCKET))
        sendFuzzed(socket.ws, frame)
      if (socket.ws.readyState === socket.ws.OPEN) socket.ws.ping()
      await Promise.race([socket.closed, new Promise((resolve) => socket.ws.once('pong', resolve))])
    })
    sent += sample.length
  }
  const { heapBytes } = await gateway.stats()
  const answer = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ services { name } }"}',
  })
  return (
    `fuzz: ${sent} frames in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, seed ${seed}: the gateway answers ` +
    `${answer.status}, heap ${(heapBytes / 1e6).toFixed(1)} MB`
  )
}

/** As for property tests: the same frames in each run, or others with `PROPERTY_SEED=random`. */
function seedOf(given = '1'): number {
  return given === 'random' ? randomInt(2 ** 31) : Number(given)
}
