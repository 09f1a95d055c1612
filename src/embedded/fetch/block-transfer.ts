import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import type { StringMap } from '../../domain/pin.ts'
import type { BitswapSession } from '../bitswap/bitswap-session.ts'
import type { Peer } from '../bitswap/start-peer.ts'
import { blockKey } from '../dag/block-key.ts'
import { claimedDagSize, isLeaf, unreadable } from '../dag/block-links.ts'
import { cidOfKey } from '../dag/cid-of-key.ts'
import { DagError } from '../dag/dag-error.ts'
import type { EventLoopTurns } from '../dag/event-loop-turns.ts'
import { inlineBlock, unverifiable } from '../dag/verify-block.ts'
import { walkDag } from '../dag/walk-dag.ts'
import { OutOfRoomError, type WalkRoom } from '../dag/walk-room.ts'
import type { Limits } from '../limits.ts'
import { checkDagSize, checkTokenBytes } from '../queue/check-size.ts'
import { PinFailedError, PinWaitsError, type Transfer } from '../queue/keeper.ts'
import type { BlockStore } from '../store/block-store.ts'
import { countInterruptions } from '../store/interruptions.ts'
import type { StoredPin } from '../store/stored-pin.ts'
import type { DialRange } from './dial-policy.ts'
import type { GatewayHttp } from './gateway-http.ts'
import { GatewaySource } from './gateway-source.ts'
import { OriginConnections } from './origin-connections.ts'
import type { Slots } from './slots.ts'

/** Bytes of a pin after which the owner's total is checked again. The first check is at the first block. */
const QUOTA_CHECK_BYTES = 8 * 1024 * 1024
const GATEWAY_DELAY_MS = 1_000
/** After so many interruptions at the same block, the pin itself is taken for their cause, and fails. */
const MAX_INTERRUPTIONS = 10

export interface BlockTransferContext {
  readonly blocks: BlockStore
  readonly peer: Peer
  readonly limits: Limits
  /** Ranges in which origins may be dialled. */
  readonly dialRanges: readonly DialRange[]
  /** Base URLs of trustless HTTP gateways to ask as well. */
  readonly gateways: readonly string[]
  readonly gatewayHttp: Pick<GatewayHttp, 'get'>
  /** For single blocks that are requested of gateways. Shared by all transfers. */
  readonly gatewaySlots: Slots
  /** Returns the bytes that the owner's pins hold now. */
  readonly bytesOf: (owner: number) => number
  /** Shared by all transfers, as `room` is. */
  readonly turns: EventLoopTurns
  readonly room: WalkRoom
}

/** Fetches the DAG of one pin into the store, block by block. */
export class BlockTransfer implements Transfer {
  readonly #pin: StoredPin
  readonly #context: BlockTransferContext
  readonly #abort = new AbortController()
  readonly #session: BitswapSession
  readonly #origins: OriginConnections
  readonly #gateways: GatewaySource | null
  /** Blocks that are being fetched, by their multihash. */
  readonly #fetching = new Map<string, Promise<Uint8Array>>()
  #claimedBytes: number | null = null
  #blocks = 0
  #bytes = 0
  #fetchedBlocks = 0
  #fetchedBytes = 0
  #quotaCheckedAt = Number.NEGATIVE_INFINITY
  #stallTimer: NodeJS.Timeout | null = null

  constructor(pin: StoredPin, context: BlockTransferContext) {
    this.#pin = pin
    this.#context = context
    this.#session = context.peer.createSession()
    this.#origins = new OriginConnections(context, pin.origins, (peerId) => this.#session.addPeer(peerId))
    const { gateways, gatewayHttp: http, gatewaySlots: slots, limits } = context
    const { maxBlockBytes } = limits
    const { signal } = this.#abort
    // Each awaited block adds a listener.
    setMaxListeners(0, signal)
    this.#gateways = gateways.length > 0 ? new GatewaySource(gateways, { http, maxBlockBytes, signal, slots }) : null
  }

  /**
   * Walks the DAG until each block is stored, verified and held by the pin.
   *
   * @throws {PinFailedError} when the pin cannot be completed within its limits
   * @throws {PinWaitsError} when the walks of other pins need the memory
   * @throws the reason given to `cancel`
   */
  async run(): Promise<void> {
    const { limits, blocks, turns, room } = this.#context
    const total = setTimeout(() => this.#fail('exceeded', limits.totalTimeoutMs), limits.totalTimeoutMs)
    try {
      assertNotFatal(this.#pin)
      const { signal } = this.#abort
      const { owner, created: pin } = this.#pin
      using share = room.open({ owner, pin }, (error) => this.#abort.abort(error))
      await walkDag(cidOfKey(this.#pin.cidKey), {
        concurrency: limits.concurrency,
        maxBlocks: limits.maxDagBlocks,
        room: share,
        turns,
        visit: (cid, depth) => this.#visit(cid, depth),
        signal,
      })
      blocks.flush()
    } catch (error) {
      if (error instanceof OutOfRoomError) throw new PinWaitsError(error.message, { cause: error })
      throw error instanceof DagError ? new PinFailedError(error.message, { cause: error }) : error
    } finally {
      clearTimeout(total)
      if (this.#stallTimer) clearTimeout(this.#stallTimer)
      this.#origins.close()
      this.#session[Symbol.dispose]()
      this.#abort.abort()
    }
  }

  cancel(reason: Error): void {
    this.#abort.abort(reason)
  }

  progress(): StringMap {
    return {
      blocks_fetched: `${this.#fetchedBlocks}`,
      bytes_fetched: `${this.#fetchedBytes}`,
      ...(this.#claimedBytes === null ? {} : { bytes_expected: `${this.#claimedBytes}` }),
    }
  }

  summary(): StringMap {
    return { dag_size: `${this.#bytes}`, dag_blocks: `${this.#blocks}` }
  }

  #visit(cid: CID, depth: number): Promise<Uint8Array | null> | Uint8Array | null {
    const { blocks, limits } = this.#context
    const problem = unverifiable(cid) ?? unreadable(cid)
    if (problem) throw new PinFailedError(`Block ${cid} cannot be pinned: ${problem}`)
    if (depth > limits.maxDagDepth) throw new PinFailedError(`The DAG is deeper than ${limits.maxDagDepth} links`)
    const inline = inlineBlock(cid)
    if (inline) return inline
    const { bytes: multihash } = cid.multihash
    const size = blocks.sizeOf(multihash)
    if (size === null) {
      const key = blockKey(multihash)
      // The same bytes may be a block of another codec, too, and need not come twice.
      const fetching = this.#fetching.get(key)
      if (fetching !== undefined) return fetching.then(() => this.#visit(cid, depth))
      const fetched = this.#fetch(cid).finally(() => this.#fetching.delete(key))
      this.#fetching.set(key, fetched)
      return fetched
    }
    this.#count(size)
    const bytes = isLeaf(cid) ? null : blocks.get(multihash)
    blocks.reference(this.#pin.created, multihash)
    if (bytes && this.#claimedBytes === null) this.#claimedBytes = claimedDagSize(cid, bytes)
    return bytes
  }

  async #fetch(cid: CID): Promise<Uint8Array> {
    const { blocks, limits } = this.#context
    if (this.#stallTimer === null) this.#restartStallTimer()
    this.#origins.open()
    const bytes = await this.#obtain(cid)
    this.#abort.signal.throwIfAborted()
    if (bytes.length > limits.maxBlockBytes) {
      throw new PinFailedError(`Block ${cid} has ${bytes.length} bytes, more than ${limits.maxBlockBytes}`)
    }
    this.#restartStallTimer()
    this.#fetchedBlocks++
    this.#fetchedBytes += bytes.length
    this.#count(bytes.length)
    blocks.put(this.#pin.created, cid.multihash.bytes, bytes)
    this.#claimedBytes ??= claimedDagSize(cid, bytes)
    return bytes
  }

  async #obtain(cid: CID): Promise<Uint8Array> {
    const fromPeers = this.#session.want(cid)
    if (!this.#gateways) return fromPeers
    const race = new AbortController()
    const signal = AbortSignal.any([race.signal, this.#abort.signal])
    try {
      return await Promise.race([fromPeers, this.#fromGateways(this.#gateways, cid, signal)])
    } finally {
      race.abort()
      this.#session.forget(cid)
    }
  }

  async #fromGateways(gateways: GatewaySource, cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    // The client named the origins, so they get a head start.
    if (this.#pin.origins.length > 0) await delay(GATEWAY_DELAY_MS, null, { signal })
    return gateways.want(cid, { signal })
  }

  #count(size: number): void {
    const { limits, bytesOf } = this.#context
    this.#blocks++
    this.#bytes += size
    checkDagSize(limits, { blocks: this.#blocks, bytes: this.#bytes })
    if (this.#bytes - this.#quotaCheckedAt < QUOTA_CHECK_BYTES) return
    this.#quotaCheckedAt = this.#bytes
    checkTokenBytes(limits, bytesOf(this.#pin.owner))
  }

  #restartStallTimer(): void {
    const { stallTimeoutMs } = this.#context.limits
    if (this.#stallTimer) this.#stallTimer.refresh()
    else this.#stallTimer = setTimeout(() => this.#fail('stalled', stallTimeoutMs), stallTimeoutMs)
  }

  #fail(why: 'stalled' | 'exceeded', timeoutMs: number): void {
    const gateway = this.#gateways?.error
    const what = why === 'stalled' ? 'No block arrived for' : 'The pin was not complete after'
    this.#abort.abort(
      new PinFailedError(`${what} ${timeoutMs / 1_000} s; ${this.#origins.describe()}${gateway ? `; ${gateway}` : ''}`),
    )
  }
}

/**
 * @throws {PinFailedError} for a pin at which the service was interrupted 10 times without a further block: retrying would not end
 */
function assertNotFatal({ info }: StoredPin): void {
  const interruptions = countInterruptions(info)
  if (interruptions < MAX_INTERRUPTIONS) return
  throw new PinFailedError(
    `The service broke off ${interruptions} times while it fetched this, without a block more; add it anew to have it tried again`,
  )
}
