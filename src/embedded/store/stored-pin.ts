import type { PinStatus, StringMap } from '../../domain/pin.ts'

/** The parts of a stored pin that lists show. */
export interface ListedPin {
  /** Milliseconds since 1970, unique: the key of the pin in the store. */
  readonly created: number
  readonly requestId: string
  readonly status: PinStatus
  readonly cid: string
  readonly name: string | null
  readonly origins: readonly string[]
  readonly meta: StringMap
  readonly info: StringMap
}

/** A pin as it is stored. */
export interface StoredPin extends ListedPin {
  readonly owner: number
  /** As `Cid.key`. */
  readonly cidKey: string
  /** Number of blocks that the pin holds, and their bytes. */
  readonly blocks: number
  readonly bytes: number
}

/** The columns that make a `ListedPin`. */
export interface ListedRow extends Pick<StoredPin, 'created' | 'status' | 'cid' | 'name'> {
  readonly requestid: string
  readonly origins: string
  readonly meta: string
  readonly info: string
}

/** A whole row of the table `pin`. */
export interface PinRow extends ListedRow, Pick<StoredPin, 'owner' | 'blocks' | 'bytes'> {
  readonly cid_key: string
}

export function toListedPin(row: ListedRow): ListedPin {
  return {
    created: row.created,
    requestId: row.requestid,
    status: row.status,
    cid: row.cid,
    name: row.name,
    origins: JSON.parse(row.origins) as string[],
    meta: JSON.parse(row.meta) as StringMap,
    info: JSON.parse(row.info) as StringMap,
  }
}

/** Bytes of a listed pin beside its texts: its other fields, their names, and the delegates. */
const OTHER_BYTES = 500

/** Returns about how many bytes a pin has in a list. Its JSON is stored as it is sent. */
export function listedBytes({ cid, name, origins, meta, info }: ListedRow): number {
  return OTHER_BYTES + cid.length + Buffer.byteLength(`${name}${origins}${meta}${info}`)
}

export function toStoredPin(row: PinRow): StoredPin {
  const { owner, cid_key: cidKey, blocks, bytes } = row
  return { ...toListedPin(row), owner, cidKey, blocks, bytes }
}
