import { setTimeout as delay } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../dag/block-key.ts'
import { readCar } from '../dag/car.ts'
import { isBlockOf } from '../dag/verify-block.ts'
import type { Slots } from './slots.ts'

/** No CID that can be verified is longer. */
const MAX_CID_BYTES = 1024
/** Largest memory of one pin for blocks that arrived before they were wanted. Beyond it, the CAR is read no further. */
const CACHE_BYTES = 4 * 1024 * 1024
/** Milliseconds without a block of the CAR after which single blocks are requested. */
const CAR_PATIENCE_MS = 1_000
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8_000
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Fetches the blocks of one pin from trustless HTTP gateways.
 *
 * The whole DAG is requested as one CAR first. Blocks that the CAR lacks are requested one by one. Every block is verified.
 *
 * @see https://specs.ipfs.tech/http-gateways/trustless-gateway/
 */
export class GatewaySource {
  readonly #gateways: readonly string[]
  readonly #maxBlockBytes: number
  readonly #signal: AbortSignal
  readonly #slots: Slots
  readonly #cache = new Map<string, Uint8Array>()
  readonly #waiting = new Map<string, (bytes: Uint8Array | null) => void>()
  #cacheBytes = 0
  #car: 'none' | 'coming' | 'silent' | 'over' = 'none'
  #onRoom: (() => void) | null = null
  #error: string | null = null

  /**
   * @param gateways base URLs without a trailing slash, such as `https://trustless-gateway.link`
   * @param options.signal ends all requests
   * @param options.slots for the single blocks of all pins. Each takes the memory of a block.
   */
  constructor(gateways: readonly string[], options: { maxBlockBytes: number; signal: AbortSignal; slots: Slots }) {
    this.#gateways = gateways
    this.#maxBlockBytes = options.maxBlockBytes
    this.#signal = options.signal
    this.#slots = options.slots
  }

  /** Describes the last failed request, for the message of a failed pin. Null when none failed. */
  get error(): string | null {
    return this.#error
  }

  /** Resolves with the verified bytes of a block, as soon as a gateway sends it. Rejects when the signal aborts. */
  async want(cid: CID, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
    if (this.#car === 'none') void this.#readCar(cid)
    const fromCar = await this.#fromCar(blockKey(cid.multihash.bytes))
    if (fromCar) return fromCar
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      const bytes = await this.#slots.use(() => this.#fetchBlock(cid, attempt, signal), { signal })
      if (bytes) return bytes
      await delay(Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS), null, { signal })
    }
  }

  /** Waits for a block of the CAR while the CAR brings blocks. Resolves with null when it stops. */
  #fromCar(key: string): Promise<Uint8Array | null> {
    const bytes = this.#cache.get(key)
    if (bytes) {
      this.#cache.delete(key)
      this.#cacheBytes -= bytes.length
      if (this.#cacheBytes <= CACHE_BYTES) this.#onRoom?.()
      return Promise.resolve(bytes)
    }
    if (this.#car !== 'coming') return Promise.resolve(null)
    return new Promise((resolve) => this.#waiting.set(key, resolve))
  }

  async #readCar(root: CID): Promise<void> {
    const silence = setTimeout(() => this.#carPauses('silent'), CAR_PATIENCE_MS)
    this.#car = 'coming'
    for (const gateway of this.#gateways) {
      try {
        const url = `${gateway}/ipfs/${root}?format=car&dag-scope=all`
        const body = await this.#request(url, 'application/vnd.ipld.car', this.#signal)
        for await (const item of readCar(body, this.#maxBlockBytes + MAX_CID_BYTES)) {
          if (!('bytes' in item && 'cid' in item)) continue
          if (!isBlockOf(item.cid, item.bytes)) throw new Error(`block ${item.cid} of the CAR has other bytes`)
          this.#car = 'coming'
          silence.refresh()
          await this.#offer(blockKey(item.cid.multihash.bytes), item.bytes)
        }
        break
      } catch (error) {
        this.#fail(gateway, error)
      }
    }
    clearTimeout(silence)
    this.#carPauses('over')
  }

  /** Resolves the want of a block of the CAR, or caches the block. Waits while the cache is full. */
  async #offer(key: string, bytes: Uint8Array): Promise<void> {
    // A copy: the bytes are a view, which would keep the whole chunk in memory.
    const block = Buffer.from(bytes)
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (waiting) return waiting(block)
    this.#cache.set(key, block)
    this.#cacheBytes += block.length
    if (this.#cacheBytes <= CACHE_BYTES) return
    // The pending wants may be for blocks later in the CAR, which is not read on before the cache has room.
    this.#carPauses('silent')
    this.#signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(this.#signal.reason)
      this.#onRoom = () => {
        this.#signal.removeEventListener('abort', onAbort)
        resolve()
      }
      this.#signal.addEventListener('abort', onAbort)
    })
  }

  #carPauses(state: 'silent' | 'over'): void {
    this.#car = state
    for (const resolve of this.#waiting.values()) resolve(null)
    this.#waiting.clear()
  }

  async #fetchBlock(cid: CID, attempt: number, signal: AbortSignal): Promise<Uint8Array | null> {
    const gateway = this.#gateways[attempt % this.#gateways.length] ?? ''
    try {
      const body = await this.#request(`${gateway}/ipfs/${cid}?format=raw`, 'application/vnd.ipld.raw', signal)
      const parts: Uint8Array[] = []
      let length = 0
      for await (const part of body) {
        length += part.length
        if (length > this.#maxBlockBytes) throw new Error(`block ${cid} has more than ${this.#maxBlockBytes} bytes`)
        parts.push(part)
      }
      const bytes = Buffer.concat(parts)
      if (!isBlockOf(cid, bytes)) throw new Error(`it sent other bytes for block ${cid}`)
      return bytes
    } catch (error) {
      signal.throwIfAborted()
      this.#fail(gateway, error)
      return null
    }
  }

  async #request(url: string, accept: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    // This timeout ends when the answer begins. The stall timer of the pin covers a body that stops.
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(new Error('it did not answer in time')), REQUEST_TIMEOUT_MS)
    try {
      const response = await fetch(url, {
        headers: { accept },
        redirect: 'error',
        signal: AbortSignal.any([signal, timeout.signal]),
      })
      if (response.status !== 200 || !response.body) {
        await response.body?.cancel()
        throw new Error(`it answered ${response.status}`)
      }
      return response.body as unknown as AsyncIterable<Uint8Array>
    } finally {
      clearTimeout(timer)
    }
  }

  #fail(gateway: string, error: unknown): void {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    this.#error = `${gateway}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}
