import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { blockKey } from './block-key.ts'
import { linksOf } from './block-links.ts'
import { DagError } from './dag-error.ts'

/** Milliseconds after which a walk over local blocks lets other work of the thread run. */
const LONGEST_RUN_MS = 10

export interface WalkOptions {
  /** Blocks that are awaited at the same time. */
  readonly concurrency: number
  /** Most different blocks of the DAG. Each takes about 180 bytes of memory. Default: no limit. */
  readonly maxBlocks?: number
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
 * Visits each block of a DAG once, many at a time, depth first.
 *
 * Depth first keeps the list of waiting blocks short: it has the children of a few nodes, not a whole level of the DAG.
 *
 * @throws {DagError} as soon as there are more blocks than `maxBlocks`, and for a block that does not decode
 * @throws the first error of `visit`, or the reason of the signal
 */
export function walkDag(root: CID, options: WalkOptions): Promise<void> {
  const { concurrency, visit, signal, maxBlocks = Number.POSITIVE_INFINITY } = options
  const seen = new Set([keyOf(root)])
  // Keys, not CIDs: a CID keeps the whole block in memory from which it was decoded.
  const waiting: { key: string; depth: number }[] = [{ key: keyOf(root), depth: 0 }]
  let pending = 0

  const found = (parent: CID, depth: number, bytes: Uint8Array | null): void => {
    if (bytes === null) return
    // Reversed, since the last of the list is taken first. So blocks are visited in the order of CAR files.
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
        const runEnd = performance.now() + LONGEST_RUN_MS
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
          if (performance.now() > runEnd) return void setImmediate(proceed)
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

/** Contains the codec, since the same bytes have other links by another codec. */
function keyOf(cid: CID): string {
  return `${cid.code}:${blockKey(cid.multihash.bytes)}`
}

function cidOf(key: string): CID {
  const colon = key.indexOf(':')
  return CID.createV1(Number(key.slice(0, colon)), Digest.decode(Buffer.from(key.slice(colon + 1), 'latin1')))
}
