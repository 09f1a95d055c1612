import { setTimeout as delay } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../dag/block-key.ts'
import type { CarBlock } from '../dag/car.ts'
import { readCarBlocks } from '../dag/car-blocks.ts'
import { isBlockOf } from '../dag/verify-block.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'
import type { Slots } from './slots.ts'

/** Largest memory of one pin for blocks that arrived before they were wanted. Beyond it, the CAR is read no further. */
const CACHE_BYTES = 4 * 1024 * 1024
/**
 * Milliseconds without a wanted block of the CAR after which single blocks are requested. Early blocks that fill the memory, and of which none
 * was wanted for so long, are dropped.
 */
const CAR_PATIENCE_MS = 1_000
/** Bytes of a CAR that may be of no use: odd sections, and blocks that nobody wanted. A CAR with more is read no further. */
const MAX_USELESS_BYTES = 64 * 1024 * 1024
/** Bytes that even the smallest useless section counts. */
const LEAST_USELESS_BYTES = 512
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8_000

const CAR = 'application/vnd.ipld.car'
const RAW = 'application/vnd.ipld.raw'

/** A block that the pin waits for. */
class Want {
  readonly key: string
  /** Resolves when the CAR brings the block, also while the block is requested alone. */
  readonly arrived: Promise<Uint8Array>
  /** Resolves when the CAR pauses. */
  readonly paused: Promise<null>
  arrive: (bytes: Uint8Array) => void = () => {}
  giveUp: () => void = () => {}

  constructor(key: string) {
    this.key = key
    this.arrived = new Promise((resolve) => {
      this.arrive = resolve
    })
    this.paused = new Promise((resolve) => {
      this.giveUp = () => resolve(null)
    })
  }
}

export interface GatewaySourceOptions {
  readonly http: Pick<GatewayHttp, 'get'>
  readonly maxBlockBytes: number
  /** Ends all requests. */
  readonly signal: AbortSignal
  /** For the single blocks of all pins. Each takes the memory of a block. */
  readonly slots: Slots
}

/**
 * Fetches the blocks of one pin from trustless HTTP gateways.
 *
 * The whole DAG is requested as one CAR first. Blocks that the CAR lacks are requested one by one. Every block is verified, and an
 * odd one is passed over.
 *
 * @see https://specs.ipfs.tech/http-gateways/trustless-gateway/
 */
export class GatewaySource {
  readonly #gateways: readonly string[]
  readonly #options: GatewaySourceOptions
  /** Blocks of the CAR that nobody wanted yet, oldest first. */
  readonly #cache = new Map<string, Uint8Array>()
  readonly #wants = new Set<Want>()
  #cacheBytes = 0
  #uselessBytes = 0
  #car: 'none' | 'coming' | 'silent' | 'over' = 'none'
  #silence: NodeJS.Timeout | null = null
  #onRoom: (() => void) | null = null
  #error: string | null = null

  /** @param gateways base URLs without a trailing slash, such as `https://trustless-gateway.link` */
  constructor(gateways: readonly string[], options: GatewaySourceOptions) {
    this.#gateways = gateways
    this.#options = options
  }

  /** Describes the last failed request, for the message of a failed pin. Null when none failed. */
  get error(): string | null {
    return this.#error
  }

  /**
   * Resolves with the verified bytes of a block, as soon as a gateway sends it.
   *
   * @param options.signal rejects. The caller also aborts it when it has the block, which ends the requests for it.
   */
  async want(cid: CID, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
    if (this.#car === 'none') void this.#readCars(cid)
    const key = blockKey(cid.multihash.bytes)
    const cached = this.#take(key)
    if (cached) return cached
    const want = new Want(key)
    this.#wants.add(want)
    try {
      const fromCar = this.#car === 'coming' ? await Promise.race([want.arrived, want.paused]) : null
      return fromCar ?? (await Promise.race([want.arrived, this.#request(cid, signal)]))
    } finally {
      this.#wants.delete(want)
    }
  }

  /** Takes a block from the cache. */
  #take(key: string): Uint8Array | undefined {
    const bytes = this.#cache.get(key)
    if (!bytes) return undefined
    this.#drop(key, bytes)
    if (this.#cacheBytes <= CACHE_BYTES) this.#onRoom?.()
    this.#carIsUseful()
    return bytes
  }

  /** Requests a single block until a gateway sends it. */
  async #request(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      const bytes = await this.#options.slots.use(() => this.#fetchBlock(cid, attempt, signal), { signal })
      if (bytes) return bytes
      await delay(Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS), null, { signal })
    }
  }

  /** Reads the CAR of the first gateway whose CAR has a block of the DAG. */
  async #readCars(root: CID): Promise<void> {
    const { http, signal } = this.#options
    this.#silence = setTimeout(() => this.#carPauses('silent'), CAR_PATIENCE_MS)
    this.#car = 'coming'
    for (const gateway of this.#gateways) {
      try {
        const url = `${gateway}/ipfs/${root}?format=car&dag-scope=all`
        if (await this.#readCar(root, await http.get(url, { accept: CAR, signal }))) break
      } catch (error) {
        this.#fail(gateway, error)
      }
    }
    clearTimeout(this.#silence)
    this.#silence = null
    this.#carPauses('over')
  }

  /** Returns whether the answer had a block. A gateway that knows no CARs may send the root as a single block. */
  async #readCar(root: CID, { mediaType, body }: GatewayAnswer): Promise<boolean> {
    const { maxBlockBytes } = this.#options
    this.#uselessBytes = 0
    let hasBlocks = false
    const onOdd = (bytes: number): void => this.#countUseless(bytes)
    const blocks: AsyncIterable<CarBlock> =
      mediaType === RAW ? this.#single(root, body) : readCarBlocks(body, { maxBlockBytes, onOdd })
    for await (const { cid, bytes } of blocks) {
      if (isBlockOf(cid, bytes)) {
        hasBlocks = true
        await this.#offer(blockKey(cid.multihash.bytes), bytes)
      } else onOdd(bytes.length)
    }
    return hasBlocks
  }

  /** Resolves the wants of a block of the CAR, or caches the block. Waits while the cache is full. */
  async #offer(key: string, bytes: Uint8Array): Promise<void> {
    // A copy: the bytes are a view, which would keep the whole chunk in memory.
    const block = Buffer.from(bytes)
    const wants = [...this.#wants].filter((want) => want.key === key)
    if (wants.length > 0) {
      this.#carIsUseful()
      for (const { arrive } of wants) arrive(block)
      return
    }
    if (this.#cache.has(key)) return this.#countUseless(block.length)
    this.#cache.set(key, block)
    this.#cacheBytes += block.length
    if (this.#cacheBytes <= CACHE_BYTES) return
    // The pending wants may be for blocks later in the CAR, which is not read on before the cache has room.
    this.#carPauses('silent')
    if (!(await this.#hasRoomInTime())) this.#dropOldest()
  }

  /** Waits until the cache has room. Resolves with false when nothing of it was wanted for a while. */
  #hasRoomInTime(): Promise<boolean> {
    const { signal } = this.#options
    signal.throwIfAborted()
    return new Promise<boolean>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        this.#onRoom = null
        settle()
      }
      const onAbort = (): void => end(() => reject(signal.reason))
      const timer = setTimeout(() => end(() => resolve(false)), CAR_PATIENCE_MS)
      signal.addEventListener('abort', onAbort)
      this.#onRoom = () => end(() => resolve(true))
    })
  }

  /** Drops the older half of the cache: blocks of other DAGs, and blocks that the pin has by now. */
  #dropOldest(): void {
    for (const [key, bytes] of this.#cache) {
      if (this.#cacheBytes <= CACHE_BYTES / 2) return
      this.#drop(key, bytes)
      this.#countUseless(bytes.length)
    }
  }

  #drop(key: string, bytes: Uint8Array): void {
    this.#cache.delete(key)
    this.#cacheBytes -= bytes.length
  }

  #countUseless(bytes: number): void {
    this.#uselessBytes += Math.max(bytes, LEAST_USELESS_BYTES)
    if (this.#uselessBytes > MAX_USELESS_BYTES) throw new Error('its CAR has too much that the pin does not need')
  }

  /** Called when the CAR has brought a block that was wanted. No block is awaited while it is not read, or has ended. */
  #carIsUseful(): void {
    if (!this.#silence || this.#onRoom) return
    this.#car = 'coming'
    this.#silence.refresh()
  }

  #carPauses(state: 'silent' | 'over'): void {
    this.#car = state
    for (const { giveUp } of this.#wants) giveUp()
  }

  async #fetchBlock(cid: CID, attempt: number, signal: AbortSignal): Promise<Uint8Array | null> {
    const gateway = this.#gateways[attempt % this.#gateways.length] ?? ''
    const { http, maxBlockBytes } = this.#options
    try {
      const { mediaType, body } = await http.get(`${gateway}/ipfs/${cid}?format=raw`, { accept: RAW, signal })
      // A gateway that knows no single blocks may send a CAR.
      const blocks =
        mediaType === CAR ? readCarBlocks(body, { maxBlockBytes, onOdd: () => {} }) : this.#single(cid, body)
      for await (const { bytes } of blocks) if (isBlockOf(cid, bytes)) return Buffer.from(bytes)
      throw new Error(`it sent other bytes for block ${cid}`)
    } catch (error) {
      signal.throwIfAborted()
      this.#fail(gateway, error)
      return null
    }
  }

  async *#single(cid: CID, body: AsyncIterable<Uint8Array>): AsyncGenerator<CarBlock> {
    const { maxBlockBytes } = this.#options
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of body) {
      length += part.length
      if (length > maxBlockBytes) throw new Error(`block ${cid} has more than ${maxBlockBytes} bytes`)
      parts.push(part)
    }
    yield { cid, bytes: Buffer.concat(parts) }
  }

  #fail(gateway: string, error: unknown): void {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    this.#error = `${gateway}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}
