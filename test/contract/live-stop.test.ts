import { expect, it } from 'vitest'
import { openEventStream } from '../support/live-transport/event-stream.ts'
import { LIVE_CLIENTS, type LiveClient } from '../support/live-transport/live-clients.ts'
import { startLiveCrowd } from '../support/live-transport/live-crowd.ts'
import { bearer, nextOf, PIN_STATUS_CHANGED, seedQueued } from '../support/live-transport/start-live-setup.ts'
import { compliant } from '../support/providers/compliant.ts'
import { startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { ALICE } from '../support/start-test-api.ts'
import { startTestGateway } from '../support/start-test-gateway.ts'

// Generated clients in Go, Rust and Python watch a stop in `npm run test:clients`.
it('a stop under load ends silently for no client: each reconnects by itself, or fails', async () => {
  await using service = await startEmulatedProvider(compliant)
  const services = { one: { endpoint: service.endpoint } }
  const [pin] = seedQueued(service, 1)
  if (!pin) throw new Error('no pin')
  const first = await startTestGateway({ services, liveDrainMs: 2_000 })
  const { url } = first
  await using crowd = await startLiveCrowd(service, { url, name: 'one', token: ALICE, size: 200 })
  using clients = openAll({ url, token: ALICE, ids: [pin.id] })
  const readers = await Promise.all(
    (['GET', 'POST'] as const).map(async (method) => {
      const operation = { query: PIN_STATUS_CHANGED, variables: { ids: [pin.id] } }
      const { events } = await openEventStream(url, operation, { method, headers: bearer(ALICE) })
      await nextOf(events)
      return events
    }),
  )
  await Promise.all(clients.all.map((client) => until(client, 'QUEUED')))
  await expect.poll(() => crowd.changes).toBeGreaterThan(10)

  // Readers of fetch do not come back.
  const broken = readers.map((events) => expect(nextOf(events)).rejects.toThrow('terminated'))
  await first[Symbol.asyncDispose]()
  await Promise.all(broken)
  service.setStatus(ALICE, pin.requestId, 'pinned')
  await using _second = await startTestGateway({ services, port: Number(new URL(url).port), liveDrainMs: 0 })

  await Promise.all(clients.all.map((client) => until(client, 'PINNED')))
  for (const { closeCodes, setReading } of clients.all) if (setReading) expect(closeCodes[0]).toBe(1012)
})

/** Reads on until the pin has a status; fails when the subscription ends before. */
async function until(client: LiveClient, status: string): Promise<void> {
  const ended = client.ended.then((reason) => Promise.reject(new Error('The subscription ended', { cause: reason })))
  while ((await Promise.race([client.next(), ended])).pin?.status !== status);
}

function openAll(options: Parameters<(typeof LIVE_CLIENTS)[number]['open']>[0]) {
  const all = LIVE_CLIENTS.map(({ open }) => open(options))
  return {
    all,
    [Symbol.dispose]() {
      for (const client of all) client[Symbol.dispose]()
    },
  }
}
