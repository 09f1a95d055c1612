import { join } from 'node:path'
import { lockDirectory } from '../../storage/lock-directory.ts'
import { openDatabase, transaction } from '../../storage/open-database.ts'
import { type CarBlock, readCar } from '../dag/car.ts'
import { isBlockOf } from '../dag/verify-block.ts'
import { assertNoKubo } from '../kubo/kubo-ledger.ts'
import { BlockStore } from '../store/block-store.ts'
import { PIN_DATABASE } from '../store/database-schema.ts'
import { PinStore } from '../store/pin-store.ts'
import { TokenStore } from '../store/token-store.ts'
import { BackupError } from './backup-error.ts'
import type { BackupSummary } from './export-pins.ts'
import { holdLocalDag } from './hold-local-dag.ts'
import { decodePage, decodeRoot, type PinRecord } from './pin-list.ts'

/** The service that exported the file may have allowed larger blocks than this one. */
const MAX_SECTION_BYTES = 256 * 1024 * 1024

export interface ImportSummary extends BackupSummary {
  /** Pins of the file that still lack blocks. The service will fetch them. */
  readonly incomplete: number
}

/**
 * Adds the pins and blocks of a CAR file that `exportPins` wrote. Pins that exist already are not changed, but unfinished pins
 * become `pinned` when the file has the blocks that they lack.
 *
 * Every block is verified. The service must be stopped, since it would collect blocks that no pin holds yet. An interrupted
 * import can be repeated.
 *
 * @throws {BackupError} for another file, and for the first record that the API would refuse or could not list. Pins of earlier
 *   pages stay imported.
 * @throws {Error} for the first block that does not match its CID, while the service runs, and when a Kubo daemon keeps the
 *   content
 */
export async function importPins(dataDir: string, car: AsyncIterable<Uint8Array>): Promise<ImportSummary> {
  using _lock = await lockDirectory(dataDir)
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  try {
    assertNoKubo(database)
    const pins = new PinStore(database)
    const tokens = new TokenStore(database)
    const blocks = new BlockStore(database)
    const unfinished: number[] = []
    let added = 0
    let count = 0
    // Blocks need a holder until the walk over their pins. It is the key of a removed pin that never existed.
    const holder = transaction(database, () => pins.reserveGarbage())
    const restore = (records: readonly PinRecord[]): void =>
      transaction(database, () => {
        for (const { owner, requestId, created, cid, name, origins, meta } of records) {
          const pin = { cid, name, origins, meta }
          const { restored, isNew } = pins.restore(tokens.ownerNamed(owner), pin, { requestId, created })
          if (isNew) added++
          // Includes pins of an interrupted import, and pins of a store that lost blocks.
          if (restored.status === 'queued' || restored.status === 'pinning') unfinished.push(restored.created)
        }
      })

    let awaited: Set<string> | null = null
    for await (const block of blocksIn(car)) {
      const key = block.cid.toString()
      if (awaited === null) awaited = new Set(decodeRoot(block.bytes).map(String))
      else if (awaited.delete(key)) restore(decodePage(block.bytes))
      else {
        blocks.put(holder, block.cid.multihash.bytes, block.bytes)
        count++
      }
    }
    if (awaited === null || awaited.size > 0) throw new BackupError('The CAR file ends before its list of pins does')

    let incomplete = 0
    for (const key of unfinished) {
      const pin = pins.getByKey(key)
      if (!pin) continue
      if (await holdLocalDag(pin, blocks)) pins.setStatus(key, 'pinned', { status_details: 'Restored from a backup' })
      else incomplete++
    }
    while (blocks.collectSome());
    return { pins: added, blocks: count, incomplete }
  } finally {
    database.close()
  }
}

async function* blocksIn(car: AsyncIterable<Uint8Array>): AsyncGenerator<CarBlock> {
  for await (const item of readCar(car, MAX_SECTION_BYTES)) {
    if (!('bytes' in item && 'cid' in item)) continue
    if (!isBlockOf(item.cid, item.bytes)) throw new Error(`Block ${item.cid} of the CAR file has other bytes`)
    yield item
  }
}
