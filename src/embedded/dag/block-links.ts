import type { CID } from 'multiformats/cid'
import { cborLinks } from './cbor-links.ts'
import { DagError } from './dag-error.ts'
import { jsonLinks } from './json-links.ts'
import { pbLinks } from './pb-links.ts'

const CBOR = 0x51
const RAW = 0x55
const JSON_CODEC = 0x0200
const DAG_PB = 0x70
const DAG_CBOR = 0x71
const DAG_JSON = 0x0129

/** Most links of one block. 2 MiB have room for 52,000 links to blocks that have a SHA-256. */
const MAX_LINKS = 65_536

/** Describes why the links of a block cannot be read. Returns null when they can. */
export function unreadable(cid: CID): string | null {
  const known = [CBOR, RAW, JSON_CODEC, DAG_PB, DAG_CBOR, DAG_JSON]
  return known.includes(cid.code) ? null : `its codec 0x${cid.code.toString(16)} is not supported`
}

/** True for blocks that never link to others. */
export function isLeaf(cid: CID): boolean {
  return cid.code === RAW || cid.code === CBOR || cid.code === JSON_CODEC
}

/**
 * Returns the bytes of the CIDs that a block links to. They are views of the block.
 *
 * @throws {DagError} when the bytes do not decode by the CID's codec, and for more than 65,536 links
 */
export function linksOf(cid: CID, bytes: Uint8Array): Uint8Array[] {
  const links: Uint8Array[] = []
  try {
    forEachLink(cid, bytes, (link) => {
      if (links.length === MAX_LINKS) throw new DagError(`it has more than ${MAX_LINKS} links`)
      links.push(link)
    })
    return links
  } catch (cause) {
    const reason = cause instanceof DagError ? cause.message : String(cause)
    throw new DagError(`Block ${cid} is not what its codec says: ${reason}`, { cause })
  }
}

/** Returns the size in bytes that a root claims for its whole DAG, or null when it claims none. The claim may be false. */
export function claimedDagSize(cid: CID, bytes: Uint8Array): number | null {
  if (isLeaf(cid)) return bytes.length
  if (cid.code !== DAG_PB) return null
  let sum = bytes.length
  try {
    pbLinks(bytes, (_, claimedBytes) => {
      sum += claimedBytes
    })
    return sum
  } catch {
    return null
  }
}

function forEachLink(cid: CID, bytes: Uint8Array, take: (cidBytes: Uint8Array) => void): void {
  if (isLeaf(cid)) return
  if (cid.code === DAG_PB) pbLinks(bytes, take)
  else if (cid.code === DAG_CBOR) cborLinks(bytes, take)
  else jsonLinks(bytes, take)
}
