import type { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { startTestGateway } from '../../support/start-test-gateway.ts'

const ADD = `mutation { addPin(input: { cid: "bafkqaaa", name: "kept" }) { pin { name } error { message } } }`
const LIST = `{ pins { nodes { name status } } }`
const KEPT = { pins: { nodes: [{ name: 'kept', status: 'PINNED' }] } }

/** Starts a gateway whose embedded service can be killed, as a crash of its thread would. */
async function startMortalGateway() {
  const workers: Worker[] = []
  const onWorker = (worker: Worker): void => void workers.push(worker)
  process.on('worker', onWorker)
  const gateway = await startTestGateway({ requestTimeoutMs: 15_000 })
  const ready = async (): Promise<number> => (await fetch(new URL('/ready', gateway.url))).status
  return {
    gateway,
    ready,
    starts: () => workers.length,
    kill: () => workers.at(-1)?.terminate(),
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      process.off('worker', onWorker)
    },
  }
}

it('starts the embedded service again when its thread dies, with all of its pins, and says so', async () => {
  await using setup = await startMortalGateway()
  const { gateway, ready, kill } = setup
  expect((await gateway.query(ADD)).data).toEqual({ addPin: { pin: { name: 'kept' }, error: null } })
  await expect.poll(async () => (await gateway.query(LIST)).data).toEqual(KEPT)
  for (const starts of [2, 3]) {
    await kill()
    expect(await ready()).toBe(503)
    // It waits for the service, which a busy machine may start too late.
    const { data, errors } = await gateway.query(LIST)
    const extensions = { code: 'SERVICE_UNAVAILABLE', service: 'local', mayHaveActed: false }
    expect(errors ?? data).toMatchObject(errors ? [{ path: ['pins'], extensions }] : KEPT)
    await expect.poll(ready).toBe(200)
    expect(setup.starts()).toBe(starts)
  }
  await expect.poll(async () => (await gateway.query(LIST)).data).toEqual(KEPT)
  const lines = gateway.logged.filter((line) => line.includes('ended by itself, and is started again'))
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('The pinning service ended by itself with code 1')
})

it('stops without an error while the embedded service is dead', async () => {
  const setup = await startMortalGateway()
  await setup.kill()
  expect(await setup.ready()).toBe(503)
  await setup[Symbol.asyncDispose]()
  expect(setup.starts()).toBe(1)
})
