import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { lockDirectory } from '../../storage/lock-directory.ts'
import { openDatabase, transaction } from '../../storage/open-database.ts'
import { type CarBlock, readCar } from '../dag/car.ts'
import { isBlockOf } from '../dag/verify-block.ts'
import { assertNoKubo } from '../kubo/kubo-ledger.ts'
import { BlockStore } from '../store/block-store.ts'
import { PIN_DATABASE } from '../store/database-schema.ts'
import { PinStore } from '../store/pin-store.ts'
import { configuredName, OWN_IN_BACKUP, TokenStore } from '../store/token-store.ts'
import { BackupError } from './backup-error.ts'
import type { BackupSummary } from './export-pins.ts'
import { holdLocalDag } from './hold-local-dag.ts'
import { decodePage, decodeRoot, type PinRecord } from './pin-list.ts'

const CUT_SHORT = 'The file ends before its list of pins does: it is empty, no CAR file, or was cut short'

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
 * @param options.ownToken returns the token that is kept in the data directory, for the pins of such a token. Called when there are any.
 *   Default: these pins get an owner without a token.
 * @throws {BackupError} for another file, in whose case nothing is made; for the first record that the API would refuse or could not
 *   list, and for the first block that does not match its CID. Pins of earlier pages stay imported.
 * @throws {Error} while the service runs, and when a Kubo daemon keeps the content
 */
export async function importPins(
  dataDir: string,
  car: AsyncIterable<Uint8Array>,
  options: { readonly ownToken?: () => Promise<string> } = {},
): Promise<ImportSummary> {
  const source = blocksIn(car)
  // Another file makes no data directory.
  const early = existsSync(join(dataDir, 'pins.db')) ? null : await readStart(source)
  using _lock = await lockDirectory(dataDir)
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  try {
    assertNoKubo(database)
    const pins = new PinStore(database)
    const tokens = new TokenStore(database)
    const blocks = new BlockStore(database)
    const unfinished: number[] = []
    let own: string | null = null
    let added = 0
    let count = 0
    const { awaited, first } = early ?? (await readStart(source))
    // Blocks need a holder until the walk over their pins. It is the key of a removed pin that never existed.
    const holder = transaction(database, () => pins.reserveGarbage())
    const restore = (records: readonly PinRecord[]): void =>
      transaction(database, () => {
        for (const { owner, requestId, created, cid, name, origins, meta } of records) {
          const pin = { cid, name, origins, meta }
          const ownerName = owner === OWN_IN_BACKUP && own !== null ? own : owner
          const { restored, isNew } = pins.restore(tokens.ownerNamed(ownerName), pin, { requestId, created })
          if (isNew) added++
          // Includes pins of an interrupted import, and pins of a store that lost blocks.
          if (restored.status === 'queued' || restored.status === 'pinning') unfinished.push(restored.created)
        }
      })

    const take = async (block: CarBlock): Promise<void> => {
      if (awaited.delete(block.cid.toString())) {
        const records = decodePage(block.bytes)
        // The token is made where it is missing, so only where it is needed.
        if (options.ownToken && records.some(({ owner }) => owner === OWN_IN_BACKUP))
          own ??= configuredName(await options.ownToken())
        restore(records)
      } else {
        blocks.put(holder, block.cid.multihash.bytes, block.bytes)
        count++
      }
    }
    if (first) await take(first)
    for await (const block of source) await take(block)
    if (awaited.size > 0) throw new BackupError(CUT_SHORT)

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

/**
 * Reads the root of a backup and its first other block, which is a page of the list of pins.
 *
 * @returns the CIDs of all pages, and that block. Null for the block where there is none.
 */
async function readStart(source: AsyncGenerator<CarBlock>): Promise<{ awaited: Set<string>; first: CarBlock | null }> {
  const root = await source.next().catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).syscall !== undefined) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new BackupError(`Expected a file of "pinql pinning-service export", got no CAR file (${message})`, { cause })
  })
  if (root.done) throw new BackupError(CUT_SHORT)
  const awaited = new Set(decodeRoot(root.value.bytes).map(String))
  const first = await source.next()
  if (first.done && awaited.size > 0) throw new BackupError(CUT_SHORT)
  if (!first.done && awaited.has(first.value.cid.toString())) decodePage(first.value.bytes)
  return { awaited, first: first.done ? null : first.value }
}

async function* blocksIn(car: AsyncIterable<Uint8Array>): AsyncGenerator<CarBlock> {
  for await (const item of readCar(car, MAX_SECTION_BYTES)) {
    if (!('bytes' in item && 'cid' in item)) continue
    if (!isBlockOf(item.cid, item.bytes)) throw new BackupError(`Block ${item.cid} of the CAR file has other bytes`)
    yield item
  }
}
