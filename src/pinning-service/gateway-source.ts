import { setTimeout as delay } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { blockKey } from './block-key.ts'
import { readCar } from './car.ts'
import { isBlockOf } from './verify-block.ts'

/** Blocks that came before they were wanted take at most so much memory; then the transfer waits. */
const CACHE_BYTES = 16 * 1024 * 1024
/** A want waits for the CAR as long as blocks come out of it, then asks for its one block. */
const CAR_PATIENCE_MS = 1_000
const TICK_MS = 100
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8_000
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Trustless HTTP gateways as a source of one pin's blocks: first the whole DAG as one CAR, then what it lacked as single
 * blocks. Each block is verified, whichever way it came.
 *
 * @see https://specs.ipfs.tech/http-gateways/trustless-gateway/
 */
export class GatewaySource {
  readonly #gateways: readonly string[]
  readonly #maxBlockBytes: number
  readonly #signal: AbortSignal
  readonly #cache = new Map<string, Uint8Array>()
  #cacheBytes = 0
  #car: 'none' | 'coming' | 'over' = 'none'
  #carBlockAt = 0
  #error: string | null = null

  /**
   * @param gateways base URLs without a trailing slash, such as `https://trustless-gateway.link`
   * @param options.signal ends all requests
   */
  constructor(gateways: readonly string[], options: { maxBlockBytes: number; signal: AbortSignal }) {
    this.#gateways = gateways
    this.#maxBlockBytes = options.maxBlockBytes
    this.#signal = options.signal
  }

  /** Why the last request failed, for the reason of a pin's failure; null where none did. */
  get error(): string | null {
    return this.#error
  }

  /** Resolves with the verified bytes of a block, as soon as a gateway has it; rejects when the signal aborts. */
  async want(cid: CID, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
    if (this.#car === 'none') void this.#readCar(cid)
    const key = blockKey(cid.multihash.bytes)
    while (this.#isCarComing()) {
      const cached = this.#take(key)
      if (cached) return cached
      await delay(TICK_MS, null, { signal })
    }
    for (let attempt = 0; ; attempt++) {
      const found = this.#take(key) ?? (await this.#fetchBlock(cid, attempt, signal))
      if (found) return found
      await delay(Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS), null, { signal })
    }
  }

  #isCarComing(): boolean {
    return this.#car === 'coming' && performance.now() - this.#carBlockAt < CAR_PATIENCE_MS
  }

  #take(key: string): Uint8Array | null {
    const bytes = this.#cache.get(key)
    if (!bytes) return null
    this.#cache.delete(key)
    this.#cacheBytes -= bytes.length
    return bytes
  }

  async #readCar(root: CID): Promise<void> {
    this.#car = 'coming'
    this.#carBlockAt = performance.now()
    for (const gateway of this.#gateways) {
      try {
        const url = `${gateway}/ipfs/${root}?format=car&dag-scope=all`
        const body = await this.#request(url, 'application/vnd.ipld.car', this.#signal)
        for await (const item of readCar(body)) {
          if (!('bytes' in item && 'cid' in item)) continue
          if (!isBlockOf(item.cid, item.bytes)) throw new Error(`block ${item.cid} of the CAR has other bytes`)
          this.#carBlockAt = performance.now()
          while (this.#cacheBytes > CACHE_BYTES) await delay(TICK_MS, null, { signal: this.#signal })
          this.#cache.set(blockKey(item.cid.multihash.bytes), Buffer.from(item.bytes))
          this.#cacheBytes += item.bytes.length
        }
        break
      } catch (error) {
        this.#fail(gateway, error)
      }
    }
    this.#car = 'over'
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
    // The time is for the answer to begin; a body that stops is the pin's stall timer's business.
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
