import type { CID } from 'multiformats/cid'
import { isLeaf } from '../dag/block-links.ts'
import { cidOfKey } from '../dag/cid-of-key.ts'
import { DagError } from '../dag/dag-error.ts'
import { inlineBlock } from '../dag/verify-block.ts'
import { walkDag } from '../dag/walk-dag.ts'
import type { BlockStore } from '../store/block-store.ts'
import type { StoredPin } from '../store/stored-pin.ts'

/**
 * Makes a pin hold all blocks of its DAG that the store has and that can be reached from the root.
 *
 * @returns true when the store has the whole DAG
 */
export async function holdLocalDag(pin: StoredPin, blocks: BlockStore): Promise<boolean> {
  let isComplete = true
  const visit = (cid: CID): Uint8Array | null => {
    const inline = inlineBlock(cid)
    if (inline) return inline
    const { bytes: multihash } = cid.multihash
    if (blocks.sizeOf(multihash) === null) {
      isComplete = false
      return null
    }
    const bytes = isLeaf(cid) ? null : blocks.get(multihash)
    blocks.reference(pin.created, multihash)
    return bytes
  }
  try {
    await walkDag(cidOfKey(pin.cidKey), { concurrency: 1, visit, signal: new AbortController().signal })
  } catch (error) {
    if (!(error instanceof DagError)) throw error
    isComplete = false
  }
  blocks.flush()
  return isComplete
}
