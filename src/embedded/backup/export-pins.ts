import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { type Database, openDatabase } from '../../storage/open-database.ts'
import { carHeader, carSection } from '../dag/car.ts'
import { assertStore } from '../store/assert-store.ts'
import { PIN_DATABASE } from '../store/database-schema.ts'
import { configuredName, OWN_IN_BACKUP } from '../store/token-store.ts'
import { type ExportedPin, encodePage, encodeRoot } from './pin-list.ts'

/** A page of the list has at most so many pins, and about so many bytes of text. */
const PAGE_PINS = 1_000
const PAGE_BYTES = 1024 * 1024
const RAW = 0x55

/** Numbers of pins and blocks that an export wrote, or an import added. */
export interface BackupSummary {
  readonly pins: number
  readonly blocks: number
}

/**
 * Writes all pins and blocks as one CARv1 file: a list of the pins as its root, then every block.
 *
 * The file is a consistent snapshot, also while the service runs. Blocks are written with raw CIDs, since the store has only
 * their multihashes. The file has no tokens, and no content that a Kubo daemon keeps.
 *
 * @param write writes the next bytes of the file. The export waits for it. First called when the store is open.
 * @param options.ownToken token that is kept in the data directory. Its pins are marked, so that an import gives them to the token of the other
 *   directory. Default: there is none.
 * @throws {Error} when the data directory has no store
 */
export async function exportPins(
  dataDir: string,
  write: (bytes: Uint8Array) => Promise<void>,
  options: { readonly ownToken?: string | null } = {},
): Promise<BackupSummary> {
  const own = options.ownToken ? configuredName(options.ownToken) : null
  assertStore(dataDir)
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  try {
    // All reads of one transaction see the same state.
    database.exec('BEGIN')
    const pages: CID[] = []
    for (const page of pagesOf(database, own)) pages.push((await encodePage(page)).cid)
    const root = await encodeRoot(pages)
    await write(carHeader(root.cid))
    await write(carSection(root.cid, root.bytes))
    let pins = 0
    for (const page of pagesOf(database, own)) {
      const { cid, bytes } = await encodePage(page)
      await write(carSection(cid, bytes))
      pins += page.length
    }
    let blocks = 0
    for (const { multihash, data } of blocksOf(database)) {
      await write(carSection(CID.createV1(RAW, Digest.decode(multihash)), data))
      blocks++
    }
    return { pins, blocks }
  } finally {
    database.close()
  }
}

/** @param own owner whose pins are marked as those of the data directory's token */
function* pagesOf(database: Database, own: string | null): Generator<ExportedPin[]> {
  const next = database.prepare(
    `SELECT owner.name AS owner, requestid, created, cid, pin.name, origins, meta
     FROM pin JOIN owner ON owner.id = pin.owner WHERE created > ? ORDER BY created LIMIT 1`,
  )
  let page: ExportedPin[] = []
  let bytes = 0
  for (let last = -1; ; ) {
    const row = next.get(last) as ExportedRow | undefined
    if (page.length > 0 && (!row || page.length >= PAGE_PINS || bytes >= PAGE_BYTES)) {
      yield page
      page = []
      bytes = 0
    }
    if (!row) return
    const { owner, requestid, created, cid, name, origins, meta } = row
    page.push({
      owner: owner === own ? OWN_IN_BACKUP : owner,
      requestId: requestid,
      created,
      cid,
      name,
      origins: JSON.parse(origins) as string[],
      meta: JSON.parse(meta) as Record<string, string>,
    })
    bytes += Buffer.byteLength(origins) + Buffer.byteLength(meta)
    last = created
  }
}

interface ExportedRow extends Record<'owner' | 'requestid' | 'cid' | 'origins' | 'meta', string> {
  readonly created: number
  readonly name: string | null
}

function* blocksOf(database: Database): Generator<{ multihash: Uint8Array; data: Uint8Array }> {
  const next = database.prepare('SELECT id, multihash, data FROM block WHERE id > ? ORDER BY id LIMIT 1')
  for (let last = -1; ; ) {
    const row = next.get(last) as { id: number; multihash: Uint8Array; data: Uint8Array } | undefined
    if (!row) return
    yield row
    last = row.id
  }
}
