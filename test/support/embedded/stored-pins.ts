import { parseCid } from '../../../src/domain/cid.ts'
import { PIN_DATABASE } from '../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../src/embedded/store/token-store.ts'
import { openDatabase } from '../../../src/storage/open-database.ts'

const openPins = (dataDir: string) => openDatabase(`${dataDir}/pins.db`, PIN_DATABASE)

interface StoredPinState {
  readonly status: string
  readonly interruptions: string | null
}

/** Stores a queued pin of some token in a data directory, which is made if it is missing. */
export async function seedPin(dataDir: string, cid: string, origins: readonly string[] = []): Promise<void> {
  const database = await openPins(dataDir)
  const owner = new TokenStore(database).ownerNamed('a')
  new PinStore(database).add(owner, { cid: parseCid(cid), name: null, origins, meta: {} })
  database.close()
}

/** Reads the status of each pin and the interruptions that were counted, oldest first. Works while a service runs. */
export async function storedPins(dataDir: string): Promise<StoredPinState[]> {
  const database = await openPins(dataDir)
  try {
    const rows = database.prepare(`SELECT status, info ->> 'interruptions' AS interruptions FROM pin ORDER BY created`)
    return rows.all() as unknown as StoredPinState[]
  } finally {
    database.close()
  }
}
