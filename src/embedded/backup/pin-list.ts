import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { z } from 'zod'

/** One pin in a backup. */
const pinRecord = z.object({
  owner: z.string(),
  requestId: z.string(),
  created: z.number().int(),
  cid: z.string(),
  name: z.string().nullable(),
  origins: z.array(z.string()),
  meta: z.record(z.string(), z.string()),
})
export type PinRecord = z.infer<typeof pinRecord>

const FORMAT = 'pinql-pins'
const VERSION = 1
const link = z.custom<CID>((value) => CID.asCID(value) !== null)
const rootBlock = z.object({ format: z.literal(FORMAT), version: z.literal(VERSION), pages: z.array(link) })

/** Encodes one page of a backup's pins as a dag-cbor block. */
export function encodePage(pins: readonly PinRecord[]): Promise<{ cid: CID; bytes: Uint8Array }> {
  return blockOf(dagCbor.encode(pins))
}

/** Encodes the root of a backup, which links to its pages. */
export function encodeRoot(pages: readonly CID[]): Promise<{ cid: CID; bytes: Uint8Array }> {
  return blockOf(dagCbor.encode({ format: FORMAT, version: VERSION, pages: [...pages] }))
}

/** @throws {Error} for a block that is not a page of a backup */
export function decodePage(bytes: Uint8Array): PinRecord[] {
  return z.array(pinRecord).parse(dagCbor.decode(bytes))
}

/** @throws {Error} for a block that is not the root of a backup of this version */
export function decodeRoot(bytes: Uint8Array): CID[] {
  const { success, data } = rootBlock.safeParse(dagCbor.decode(bytes))
  if (!success) throw new Error('This CAR file is no backup of pinql')
  return data.pages
}

async function blockOf(bytes: Uint8Array): Promise<{ cid: CID; bytes: Uint8Array }> {
  return { cid: CID.createV1(dagCbor.code, await sha256.digest(bytes)), bytes }
}
