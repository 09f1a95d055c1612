import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { z } from 'zod'
import { parseCid } from '../../domain/cid.ts'
import { BadRequestError, show } from '../../domain/errors.ts'
import { parseMultiaddr } from '../../domain/multiaddr.ts'
import { MAX_ORIGINS } from '../../domain/pin-bounds.ts'
import { checked, decodeWith } from '../../psa/decode-with.ts'
import { metaSchemaOf, NAME_SCHEMA } from '../../psa/pin-fields.ts'
import { BackupError } from './backup-error.ts'

/** Bytes of the root, and of a page. An export writes pages of 1 MiB and one pin. */
const MAX_ROOT_BYTES = 16 * 1024 * 1024
const MAX_PAGE_BYTES = 4 * 1024 * 1024
/** Earlier versions took so much in one request. */
const MAX_STORED_META_BYTES = 1024 * 1024
/** Milliseconds by which the clock of the exporting service may have been ahead. New pins get later times than all others. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000

/** One pin in a backup. Values that the API would refuse, or could not list, are refused here. */
const pinRecord = z.object({
  owner: z.string().min(1).max(1_024),
  requestId: z.string().regex(/^[\w.:~-]{1,255}$/, 'expected 1 to 255 letters, digits and -._~:'),
  created: z
    .number()
    .int()
    .min(0)
    .refine(
      (created) => created <= Date.now() + MAX_AHEAD_MS,
      'expected a time in milliseconds that is not in the future',
    ),
  cid: z.string().transform(checked(parseCid, 'cid')),
  name: NAME_SCHEMA.nullable(),
  origins: z.array(z.string().transform(checked(parseMultiaddr, 'origins'))).max(MAX_ORIGINS),
  meta: metaSchemaOf({ maxBytes: MAX_STORED_META_BYTES, maxKeyLength: MAX_STORED_META_BYTES }),
})

/** One pin as a backup has it. */
export interface ExportedPin {
  readonly owner: string
  readonly requestId: string
  /** Milliseconds since 1970. */
  readonly created: number
  readonly cid: string
  readonly name: string | null
  readonly origins: readonly string[]
  readonly meta: Readonly<Record<string, string>>
}

/** One pin of a backup that was checked. */
export type PinRecord = z.infer<typeof pinRecord>

const FORMAT = 'pinql-pins'
const VERSION = 1
const link = z.custom<CID>((value) => CID.asCID(value) !== null)
const rootBlock = z.object({ format: z.literal(FORMAT), version: z.literal(VERSION), pages: z.array(link) })

/** Encodes one page of a backup's pins as a dag-cbor block. */
export function encodePage(pins: readonly ExportedPin[]): Promise<{ cid: CID; bytes: Uint8Array }> {
  return blockOf(dagCbor.encode(pins))
}

/** Encodes the root of a backup, which links to its pages. */
export function encodeRoot(pages: readonly CID[]): Promise<{ cid: CID; bytes: Uint8Array }> {
  return blockOf(dagCbor.encode({ format: FORMAT, version: VERSION, pages: [...pages] }))
}

/** @throws {BackupError} for a block that is not a page of a backup, and for the first record that is wrong. It names the record. */
export function decodePage(bytes: Uint8Array): PinRecord[] {
  if (bytes.length > MAX_PAGE_BYTES)
    throw new BackupError(`A page of the backup has ${bytes.length} bytes, more than ${MAX_PAGE_BYTES}`)
  const records = decodeOrNull(bytes)
  if (!Array.isArray(records)) throw new BackupError('A page of the backup is no list of pins')
  return records.map(decodeRecord)
}

/** @throws {BackupError} for a block that is not the root of a backup of this version */
export function decodeRoot(bytes: Uint8Array): CID[] {
  const root = bytes.length > MAX_ROOT_BYTES ? null : decodeOrNull(bytes)
  const { success, data } = rootBlock.safeParse(root)
  if (success) return data.pages
  const { format, version } = Object(root) as { format?: unknown; version?: unknown }
  if (format === FORMAT && typeof version === 'number' && version > VERSION)
    throw new BackupError(`The backup has version ${version}, and this pinql reads version ${VERSION}`)
  throw new BackupError('Expected a file of "pinql pinning-service export", got another CAR file')
}

function decodeRecord(record: unknown, index: number): PinRecord {
  try {
    return decodeWith(pinRecord, record)
  } catch (cause) {
    if (!(cause instanceof BadRequestError)) throw cause
    const { requestId } = Object(record) as { requestId?: unknown }
    throw new BackupError(`Record ${index + 1} of a page, with request id ${show(requestId)}: ${cause.message}`, {
      cause,
    })
  }
}

function decodeOrNull(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch {
    return null
  }
}

async function blockOf(bytes: Uint8Array): Promise<{ cid: CID; bytes: Uint8Array }> {
  return { cid: CID.createV1(dagCbor.code, await sha256.digest(bytes)), bytes }
}
