import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, it } from 'vitest'
import { startPeer } from '../../../src/embedded/bitswap/start-peer.ts'
import { blockKey } from '../../../src/embedded/dag/block-key.ts'
import { PIN_DATABASE } from '../../../src/embedded/store/database-schema.ts'
import { openDatabase } from '../../../src/storage/open-database.ts'
import { KillAtStep } from '../../support/embedded/kill-at-step.ts'
import { PsaClient } from '../../support/embedded/psa-client.ts'
import { RandomChanges } from '../../support/embedded/random-changes.ts'
import { spawnService } from '../../support/embedded/spawn-service.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const KILLS = Number(process.env.PINQL_KILLS ?? 4)
const CHANGES = Number(process.env.PINQL_CHANGES ?? 200)
const STEPS = 120
const CLIENTS = 2
const LEAVES = 40
const ROOTS = 12

interface Dag {
  readonly root: CID
  /** Keys of all of its blocks. */
  readonly keys: readonly string[]
}

/** Roots that share most of their leaves. */
async function makeDags(random: (below: number) => number): Promise<{ dags: Dag[]; blocks: Map<string, Uint8Array> }> {
  const blocks = new Map<string, Uint8Array>()
  const add = async (code: number, bytes: Uint8Array): Promise<CID> => {
    const cid = CID.createV1(code, await sha256.digest(bytes))
    blocks.set(blockKey(cid.multihash.bytes), bytes)
    return cid
  }
  const leaves: CID[] = []
  for (let i = 0; i < LEAVES; i++) leaves.push(await add(0x55, Buffer.alloc(1_000 + random(60_000), `leaf ${i} `)))
  const dags: Dag[] = []
  for (let i = 0; i < ROOTS; i++) {
    const chosen = leaves.filter(() => random(2) === 0)
    const Links = chosen.map((Hash, index) => ({ Hash, Name: `${index}`.padStart(3, '0'), Tsize: 1 }))
    const root = await add(dagPb.code, dagPb.encode(dagPb.prepare({ Data: Buffer.from(`root ${i}`), Links })))
    dags.push({ root, keys: [root, ...chosen].map(({ multihash }) => blockKey(multihash.bytes)) })
  }
  return { dags, blocks }
}

/** Reads the database file while no service has it open. */
async function inspect(dataDir: string, dags: readonly Dag[]) {
  const database = await openDatabase(`${dataDir}/pins.db`, PIN_DATABASE)
  try {
    const rows = database.prepare('SELECT multihash FROM block').all() as { multihash: Uint8Array }[]
    const kept = new Set(rows.map(({ multihash }) => blockKey(multihash)))
    const pins = database.prepare('SELECT cid, status FROM pin').all() as { cid: string; status: string }[]
    const pinned = pins.filter(({ status }) => status === 'pinned').map(({ cid }) => cid)
    const reachable = new Set(dags.filter(({ root }) => pinned.includes(root.toString())).flatMap(({ keys }) => keys))
    const count = (sql: string): number => (database.prepare(sql).get() as { n: number }).n
    return {
      integrity: (database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check,
      pins: pins.length,
      statuses: [...new Set(pins.map(({ status }) => status))],
      missing: [...reachable].filter((key) => !kept.has(key)).length,
      unreachable: [...kept].filter((key) => !reachable.has(key)).length,
      unreferenced: count('SELECT count(*) n FROM block WHERE id NOT IN (SELECT block FROM pin_block)'),
      dangling: count('SELECT count(*) n FROM pin_block WHERE block NOT IN (SELECT id FROM block)'),
      garbage: count('SELECT count(*) n FROM garbage'),
    }
  } finally {
    database.close()
  }
}

it('loses no pinned block and keeps no removed one when it is killed at any step of its work', {
  timeout: 300_000,
}, async () => {
  const next = seededRandom(Number(process.env.PINQL_SEED ?? 7))
  const random = (below: number): number => Math.floor(next() * below)
  await using folder = await temporaryFolder()
  const { dags, blocks } = await makeDags(random)
  // A step of the work: the service asks the origin for a block, or a client is about to send the service a change.
  const work = new KillAtStep()
  await using origin = await startPeer({
    blocks: {
      get: (multihash) => {
        work.step()
        return blocks.get(blockKey(multihash)) ?? null
      },
    },
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  const changes = new RandomChanges(random, () => {
    work.step()
    return { cid: dags[random(ROOTS)]?.root.toString(), origins: origin.addresses }
  })

  for (let round = 0; round < KILLS; round++) {
    const { endpoint, kill } = await spawnService(folder.path)
    const killed = work.arm(CLIENTS + 1 + random(STEPS), kill)
    // While one client causes the kill, the service works on the change of the other.
    await Promise.all(Array.from({ length: CLIENTS }, () => changes.makeWhileAlive(endpoint)))
    await killed
    const { integrity, missing, unreferenced, dangling } = await inspect(folder.path, dags)
    expect({ integrity, missing, unreferenced, dangling }).toEqual({
      integrity: 'ok',
      missing: 0,
      unreferenced: 0,
      dangling: 0,
    })
  }

  const { endpoint, kill } = await spawnService(folder.path)
  while (changes.count < CHANGES) await changes.make(endpoint)
  for (const token of ['token-a', 'token-b']) {
    const client = new PsaClient(endpoint, token)
    const unfinished = async () => (await client.list({ status: 'queued,pinning' })).body.count
    await expect.poll(unfinished, { timeout: 60_000 }).toBe(0)
  }
  await expect.poll(async () => (await inspect(folder.path, dags)).garbage, { timeout: 30_000 }).toBe(0)
  await kill()
  const { pins: count, ...found } = await inspect(folder.path, dags)
  expect(count).toBeGreaterThan(0)
  expect(found).toEqual({
    integrity: 'ok',
    statuses: ['pinned'],
    missing: 0,
    unreachable: 0,
    unreferenced: 0,
    dangling: 0,
    garbage: 0,
  })
})
