import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { lockDirectory } from '../../storage/lock-directory.ts'
import { type Database, openDatabase, transaction } from '../../storage/open-database.ts'
import { isBlockOf } from '../dag/verify-block.ts'
import { assertNoKubo } from '../kubo/kubo-ledger.ts'
import { assertStore } from '../store/assert-store.ts'
import { BlockStore } from '../store/block-store.ts'
import { PIN_DATABASE } from '../store/database-schema.ts'
import { PinStore } from '../store/pin-store.ts'
import { holdLocalDag } from './hold-local-dag.ts'

const RAW = 0x55
const LOST = { status_details: 'Waiting to fetch blocks that were lost' }

export interface VerifyReport {
  /** Number of blocks that were hashed. */
  readonly blocks: number
  /** Raw CIDs of blocks whose bytes had changed. These blocks were dropped. */
  readonly broken: readonly string[]
  /** Request ids of `pinned` pins that lacked blocks. They are queued again. */
  readonly requeued: readonly string[]
}

/**
 * Hashes every stored block, walks every pinned DAG, and queues pins that lack blocks.
 *
 * The service fetches these blocks at its next start. It must be stopped meanwhile, since it may rely on a block that is dropped.
 *
 * @throws {Error} when the data directory has no store, while the service runs, and when a Kubo daemon keeps the content
 */
export async function verifyStore(dataDir: string): Promise<VerifyReport> {
  assertStore(dataDir)
  using _lock = await lockDirectory(dataDir)
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  try {
    assertNoKubo(database)
    const pins = new PinStore(database)
    const blocks = new BlockStore(database)
    const { count, broken, requeued } = dropBroken(database)
    const next = database.prepare(
      `SELECT created FROM pin WHERE status = 'pinned' AND created > ? ORDER BY created LIMIT 1`,
    )
    for (let last = -1; ; ) {
      const row = next.get(last) as { created: number } | undefined
      if (!row) break
      last = row.created
      const pin = pins.getByKey(last)
      if (!pin || (await holdLocalDag(pin, blocks))) continue
      pins.setStatus(last, 'queued', LOST)
      requeued.push(pin.requestId)
    }
    return { blocks: count, broken, requeued }
  } finally {
    database.close()
  }
}

/** Drops each broken block and, in the same transaction, queues the pins that hold it. */
function dropBroken(database: Database): { count: number; broken: string[]; requeued: string[] } {
  const next = database.prepare('SELECT id, multihash, size, data FROM block WHERE id > ? ORDER BY id LIMIT 1')
  const broken: string[] = []
  const requeued: string[] = []
  let count = 0
  for (let last = -1; ; count++) {
    const row = next.get(last) as { id: number; multihash: Uint8Array; size: number; data: Uint8Array } | undefined
    if (!row) return { count, broken, requeued }
    last = row.id
    const cid = CID.createV1(RAW, Digest.decode(row.multihash))
    if (isBlockOf(cid, row.data)) continue
    broken.push(cid.toString())
    transaction(database, () => {
      const holders = 'SELECT pin FROM pin_block WHERE block = ?'
      database
        .prepare(`UPDATE pin SET blocks = blocks - 1, bytes = bytes - ? WHERE created IN (${holders})`)
        .run(row.size, row.id)
      const lacking = database
        .prepare(
          `UPDATE pin SET status = 'queued', info = ? WHERE status = 'pinned' AND created IN (${holders})
           RETURNING requestid`,
        )
        .all(JSON.stringify(LOST), row.id) as { requestid: string }[]
      requeued.push(...lacking.map(({ requestid }) => requestid))
      database.prepare('DELETE FROM pin_block WHERE block = ?').run(row.id)
      database.prepare('DELETE FROM block WHERE id = ?').run(row.id)
    })
  }
}
