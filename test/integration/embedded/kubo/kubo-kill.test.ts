import { expect, it } from 'vitest'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { openDatabase } from '../../../../src/storage/open-database.ts'
import { FakeKuboState } from '../../../support/embedded/fake-kubo-state.ts'
import { KillAtStep } from '../../../support/embedded/kill-at-step.ts'
import { PsaClient } from '../../../support/embedded/psa-client.ts'
import { RandomChanges } from '../../../support/embedded/random-changes.ts'
import { spawnService } from '../../../support/embedded/spawn-service.ts'
import { startFakeKubo } from '../../../support/embedded/start-fake-kubo.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const KILLS = Number(process.env.PINQL_KILLS ?? 4)
const CHANGES = Number(process.env.PINQL_CHANGES ?? 120)
const STEPS = 40
const CLIENTS = 2
const DAGS = 8

async function pinnedIn(dataDir: string): Promise<string[]> {
  const database = await openDatabase(`${dataDir}/pins.db`, PIN_DATABASE)
  try {
    const rows = database.prepare(`SELECT DISTINCT cid FROM pin WHERE status = 'pinned'`).all() as { cid: string }[]
    return rows.map(({ cid }) => cid)
  } finally {
    database.close()
  }
}

it('reports no pin as pinned that Kubo lacks, and leaves no extra pin there, when it is killed at any step of its work', {
  timeout: 300_000,
}, async () => {
  const next = seededRandom(Number(process.env.PINQL_SEED ?? 7))
  const random = (below: number): number => Math.floor(next() * below)
  await using folder = await temporaryFolder()
  const state = new FakeKuboState({ nodeMs: 20 })
  const cids: string[] = []
  for (let i = 0; i < DAGS; i++) cids.push(await state.createDag(`dag ${i}`))
  // The owner of the daemon had pinned some of them, too.
  const owned = cids.slice(0, 2)
  for (const cid of owned) {
    for (const each of state.reachable(cid)) state.local.add(each)
    state.pins.set(cid, '')
  }
  // A step of the service's work: it sends Kubo a command, or a client is about to send it a change.
  const work = new KillAtStep()
  await using kubo = await startFakeKubo({ state, onRequest: () => work.step() })
  const changes = new RandomChanges(random, () => {
    work.step()
    return { cid: cids[random(DAGS)] }
  })

  for (let round = 0; round < KILLS; round++) {
    const { endpoint, kill } = await spawnService(folder.path, kubo.endpoint)
    const killed = work.arm(CLIENTS + 1 + random(STEPS), kill)
    // While one client causes the kill, the service works on the change of the other.
    await Promise.all(Array.from({ length: CLIENTS }, () => changes.makeWhileAlive(endpoint)))
    await killed
    for (const cid of await pinnedIn(folder.path)) expect(state.isKept(cid)).toBe(true)
    for (const cid of owned) expect(state.pins.get(cid)).toBe('')
    state.collectGarbage()
  }

  const { endpoint, kill } = await spawnService(folder.path, kubo.endpoint)
  while (changes.count < CHANGES) await changes.make(endpoint)
  const left = new Set<string>()
  for (const token of ['token-a', 'token-b']) {
    const client = new PsaClient(endpoint, token)
    const count = async (status: string) => (await client.list({ status })).body.count
    await expect.poll(() => count('queued,pinning'), { timeout: 60_000 }).toBe(0)
    expect(await count('failed')).toBe(0)
    for (const { pin } of (await client.list({ limit: '1000' })).body.results) left.add(pin.cid)
  }
  expect(left.size).toBeGreaterThan(0)
  const expected = [...new Set([...owned, ...left])].sort()
  await expect.poll(() => [...state.pins.keys()].sort(), { timeout: 30_000 }).toEqual(expected)
  for (const cid of left) expect(state.isKept(cid)).toBe(true)
  await kill()
})
