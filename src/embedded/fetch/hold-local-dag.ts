import type { CID } from 'multiformats/cid'
import { inlineBlock } from '../bitswap/verify-block.ts'
import type { BlockStore } from '../store/block-store.ts'
import { PinFailure } from '../store/pin-failure.ts'
import { cidOfKey } from '../store/pin-store.ts'
import type { StoredPin } from '../store/stored-pin.ts'
import { isLeaf } from './block-links.ts'
import { walkDag } from './walk-dag.ts'

/**
 * Makes a pin hold all blocks of its DAG that are in the store, as far as they can be reached.
 *
 * @returns true where that is the whole DAG
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
    if (!(error instanceof PinFailure)) throw error
    isComplete = false
  }
  blocks.flush()
  return isComplete
}
