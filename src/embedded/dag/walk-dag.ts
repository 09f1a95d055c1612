import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { blockKey } from './block-key.ts'
import { linksOf } from './block-links.ts'
import { DagError } from './dag-error.ts'

/** For how long local blocks are walked before other work of the thread has its turn. */
const TURN_MS = 10

export interface WalkOptions {
  /** How many blocks are waited for at the same time. */
  readonly concurrency: number
  /** How many different blocks the DAG may link to, each of which takes about 180 bytes of memory. Default: any number. */
  readonly maxBlocks?: number
  /**
   * Brings one block in: its verified bytes, or null for a leaf that nobody needs to read. Blocks that are here
   * already are best returned as they are, without a promise.
   *
   * @param depth number of links from the root
   */
  readonly visit: (cid: CID, depth: number) => Promise<Uint8Array | null> | Uint8Array | null
  readonly signal: AbortSignal
}

/**
 * Visits each block of a DAG once, many at a time, the latest found first.
 *
 * Going deep first keeps the list of what is still to do short: a node's children, not a whole level of the DAG.
 *
 * @throws {DagError} as soon as more blocks are linked to than there may be
 * @throws whatever `visit` throws first; when the signal aborts, its reason
 */
export function walkDag(root: CID, options: WalkOptions): Promise<void> {
  const { concurrency, visit, signal, maxBlocks = Number.POSITIVE_INFINITY } = options
  const seen = new Set([keyOf(root)])
  // Keys, since a CID would keep the block in memory that it was read from.
  const waiting: { key: string; depth: number }[] = [{ key: keyOf(root), depth: 0 }]
  let pending = 0

  const found = (parent: CID, depth: number, bytes: Uint8Array | null): void => {
    if (bytes === null) return
    // Reversed, since the last one is taken first: so blocks are asked for in the order that CAR files have them.
    for (const cid of linksOf(parent, bytes).reverse()) {
      const key = keyOf(cid)
      if (seen.has(key)) continue
      seen.add(key)
      waiting.push({ key, depth })
    }
    if (seen.size > maxBlocks) throw new DagError(`The DAG has more than ${maxBlocks} blocks`)
  }

  return new Promise((resolve, reject) => {
    let isOver = false
    const end = (settle: () => void): void => {
      isOver = true
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => end(() => reject(signal.reason))
    const proceed = (): void => {
      try {
        const turnEnd = performance.now() + TURN_MS
        while (!isOver && pending < concurrency) {
          const next = waiting.pop()
          if (!next) break
          const cid = cidOf(next.key)
          const visited = visit(cid, next.depth)
          if (visited instanceof Promise) {
            pending++
            visited.then((bytes) => arrive(cid, next.depth, bytes)).catch((error) => end(() => reject(error)))
            continue
          }
          found(cid, next.depth + 1, visited)
          if (performance.now() > turnEnd) return void setImmediate(proceed)
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
      proceed()
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    proceed()
  })
}

/** Codec and multihash: the same bytes read with another codec have other links. */
function keyOf(cid: CID): string {
  return `${cid.code}:${blockKey(cid.multihash.bytes)}`
}

function cidOf(key: string): CID {
  const colon = key.indexOf(':')
  return CID.createV1(Number(key.slice(0, colon)), Digest.decode(Buffer.from(key.slice(colon + 1), 'latin1')))
}
