import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { DagError } from './dag-error.ts'

const CBOR = 0x51
const RAW = 0x55
const JSON_CODEC = 0x0200

/** Describes why the links of a block cannot be read. Returns null when they can. */
export function unreadable(cid: CID): string | null {
  const known = [CBOR, RAW, JSON_CODEC, dagPb.code, dagCbor.code, dagJson.code]
  return known.includes(cid.code) ? null : `its codec 0x${cid.code.toString(16)} is not supported`
}

/** True for blocks that never link to others. */
export function isLeaf(cid: CID): boolean {
  return cid.code === RAW || cid.code === CBOR || cid.code === JSON_CODEC
}

/**
 * Returns the CIDs that a block links to.
 *
 * @throws {DagError} when the bytes do not decode by the CID's codec
 */
export function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  try {
    return decodeLinks(cid, bytes)
  } catch (cause) {
    throw new DagError(`Block ${cid} is not what its codec says: ${String(cause)}`, { cause })
  }
}

function decodeLinks(cid: CID, bytes: Uint8Array): CID[] {
  if (isLeaf(cid)) return []
  if (cid.code === dagPb.code) return dagPb.decode(bytes).Links.map((link) => link.Hash)
  const links: CID[] = []
  collectLinks(cid.code === dagCbor.code ? dagCbor.decode(bytes) : dagJson.decode(bytes), links)
  return links
}

/** Returns the size in bytes that a root claims for its whole DAG, or null when it claims none. The claim may be false. */
export function claimedDagSize(cid: CID, bytes: Uint8Array): number | null {
  if (isLeaf(cid)) return bytes.length
  if (cid.code !== dagPb.code) return null
  try {
    return dagPb.decode(bytes).Links.reduce((sum, link) => sum + (link.Tsize ?? 0), bytes.length)
  } catch {
    return null
  }
}

function collectLinks(root: unknown, links: CID[]): void {
  // No recursion: a hostile block may be nested deeper than the call stack allows.
  const stack = [root]
  while (stack.length > 0) {
    const value = stack.pop()
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) continue
    const cid = CID.asCID(value)
    if (cid) links.push(cid)
    else for (const child of Object.values(value)) stack.push(child)
  }
}
