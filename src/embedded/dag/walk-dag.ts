import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { blockKey } from './block-key.ts'
import { linksOf } from './block-links.ts'
import { DagError } from './dag-error.ts'
import { EventLoopTurns } from './event-loop-turns.ts'
import { readVarint } from './varint.ts'
import { MAX_MULTIHASH_BYTES } from './verify-block.ts'
import type { WalkShare } from './walk-room.ts'

/** Memory for each block of the DAG, beside the characters of its key. */
const BYTES_PER_BLOCK = 150
const DAG_PB = 0x70

export interface WalkOptions {
  /** Blocks that are awaited at the same time. */
  readonly concurrency: number
  /** Most different blocks of the DAG. Each takes about 190 bytes of memory. Default: no limit. */
  readonly maxBlocks?: number
  /** Room for these bytes. Default: without bounds. */
  readonly room?: Pick<WalkShare, 'take'>
  /** Shared by all walks of the thread. Default: the walk gives way by itself. */
  readonly turns?: EventLoopTurns
  /**
   * Returns the verified bytes of a block, or null when its links are not to be followed. A local block should be returned
   * without a promise, which is faster.
   *
   * @param depth number of links from the root
   */
  readonly visit: (cid: CID, depth: number) => Promise<Uint8Array | null> | Uint8Array | null
  readonly signal: AbortSignal
}

/**
 * Visits each block of a DAG once, many at a time, depth first. Other work of the thread runs every 10 ms.
 *
 * Depth first keeps the list of waiting blocks short: it has the children of a few nodes, not a whole level of the DAG.
 *
 * @throws {DagError} as soon as there are more blocks than `maxBlocks`, and for a block that does not decode
 * @throws what `room.take` throws
 * @throws the first error of `visit`, or the reason of the signal
 */
export function walkDag(root: CID, options: WalkOptions): Promise<void> {
  const {
    concurrency,
    visit,
    signal,
    maxBlocks = Number.POSITIVE_INFINITY,
    room,
    turns = new EventLoopTurns(),
  } = options
  const seen = new Set([keyOf(root)])
  // Keys, not CIDs: a CID keeps the whole block in memory from which it was decoded.
  const waiting: { key: string; depth: number }[] = [{ key: keyOf(root), depth: 0 }]
  let pending = 0

  const found = (parent: CID, depth: number, bytes: Uint8Array | null): void => {
    if (bytes === null) return
    // Reversed, since the last of the list is taken first. So blocks are visited in the order of CAR files.
    for (const link of linksOf(parent, bytes).reverse()) {
      const key = keyOfLink(link, parent)
      if (seen.has(key)) continue
      room?.take(BYTES_PER_BLOCK + key.length)
      seen.add(key)
      waiting.push({ key, depth })
      if (seen.size > maxBlocks) throw new DagError(`The DAG has more than ${maxBlocks} blocks`)
    }
  }

  return new Promise((resolve, reject) => {
    let isOver = false
    const end = (settle: () => void): void => {
      isOver = true
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => end(() => reject(signal.reason))
    let isScheduled = false
    const schedule = (): void => {
      if (isScheduled) return
      isScheduled = true
      turns.next((until) => {
        isScheduled = false
        proceed(until)
      })
    }
    const proceed = (until: number): void => {
      try {
        while (!isOver && pending < concurrency) {
          const next = waiting.pop()
          if (!next) break
          const cid = cidOf(next.key)
          const visited = visit(cid, next.depth)
          if (visited instanceof Promise) {
            pending++
            visited.then((bytes) => arrive(cid, next.depth, bytes)).catch((error) => end(() => reject(error)))
          } else {
            found(cid, next.depth + 1, visited)
          }
          if (performance.now() > until) {
            schedule()
            return
          }
        }
        if (!isOver && pending === 0 && waiting.length === 0) end(resolve)
      } catch (error) {
        end(() => reject(error))
      }
    }
    const arrive = (cid: CID, depth: number, bytes: Uint8Array | null): void => {
      pending--
      if (isOver) return
      found(cid, depth + 1, bytes)
      schedule()
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    schedule()
  })
}

/** Contains the codec, since the same bytes have other links by another codec. */
function keyOf(cid: CID): string {
  return `${cid.code}:${blockKey(cid.multihash.bytes)}`
}

/**
 * Returns the key of a link from the bytes of its CID.
 *
 * @throws {DagError} for bytes that are no CID, and for a CID that is longer than any that can be verified: the walk keeps its key
 */
function keyOfLink(bytes: Uint8Array, parent: CID): string {
  // The first byte of a CID of version 0 is the hash function SHA-256, the second the length of its digest.
  if (bytes.length === 34 && bytes[0] === 0x12 && bytes[1] === 0x20) return `${DAG_PB}:${blockKey(bytes)}`
  const version = readVarint(bytes, 0)
  const code = version && readVarint(bytes, version.end)
  const hash = code && readVarint(bytes, code.end)
  const size = hash && readVarint(bytes, hash.end)
  if (version?.value !== 1 || !code || !size || size.end + size.value !== bytes.length) {
    throw new DagError(`Block ${parent} links to something that is no CID`)
  }
  const multihash = bytes.subarray(code.end)
  if (multihash.length > MAX_MULTIHASH_BYTES) {
    throw new DagError(`Block ${parent} links to a CID whose hash has more than ${MAX_MULTIHASH_BYTES} bytes`)
  }
  return `${code.value}:${blockKey(multihash)}`
}

function cidOf(key: string): CID {
  const colon = key.indexOf(':')
  return CID.createV1(Number(key.slice(0, colon)), Digest.decode(Buffer.from(key.slice(colon + 1), 'latin1')))
}
