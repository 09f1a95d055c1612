import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { StringMap } from '../../domain/pin.ts'
import { cidOfKey } from '../dag/cid-of-key.ts'
import type { DialRange } from '../fetch/dial-policy.ts'
import { type Dialer, OriginConnections } from '../fetch/origin-connections.ts'
import type { Limits } from '../limits.ts'
import { checkDagSize, checkTokenBytes } from '../queue/check-size.ts'
import { KeeperUnavailableError, PinFailedError, type Transfer } from '../queue/keeper.ts'
import type { StoredPin } from '../store/stored-pin.ts'
import type { KuboLedger } from './kubo-ledger.ts'
import { aborted, type KuboPins } from './kubo-pins.ts'
import { KuboRefusalError, type KuboRpc } from './kubo-rpc.ts'

/** A failed command is retried once. A daemon that is stopping fails commands too, and is away at the second attempt. */
const SECOND_ATTEMPT_MS = 1_000

/** A line of `pin/add`. Kubo omits numbers that are 0. Only recent daemons send `Bytes`. */
const progressLine = z.object({
  Progress: z.number().default(0),
  Bytes: z.number().optional(),
  Pins: z.array(z.string()).optional(),
})
const dagStat = z.object({ UniqueBlocks: z.number().default(0), TotalSize: z.number().default(0) })

export interface KuboTransferContext {
  readonly rpc: KuboRpc
  readonly kuboPins: KuboPins
  readonly ledger: KuboLedger
  readonly dialer: Dialer
  readonly dialRanges: readonly DialRange[]
  readonly limits: Limits
  readonly bytesOf: (owner: number) => number
  /** Resolves when the daemon answers, and its pins were compared with ours. */
  readonly ready: () => Promise<void>
}

/** Makes a Kubo daemon fetch and pin the content of one pin. */
export class KuboTransfer implements Transfer {
  readonly #pin: StoredPin
  readonly #cid: string
  readonly #context: KuboTransferContext
  readonly #origins: OriginConnections
  readonly #abort = new AbortController()
  #blocks = 0
  #bytes: number | null = null
  #stallTimer: NodeJS.Timeout | null = null

  constructor(pin: StoredPin, context: KuboTransferContext) {
    this.#pin = pin
    this.#cid = cidOfKey(pin.cidKey).toString()
    this.#context = context
    const { dialer, dialRanges } = context
    this.#origins = new OriginConnections({ peer: dialer, dialRanges }, pin.origins, () => {})
  }

  async run(): Promise<void> {
    const { kuboPins, ledger, ready } = this.#context
    const { created } = this.#pin
    const { signal } = this.#abort
    signal.throwIfAborted()
    // A daemon that accepts connections and never answers must not keep the service from stopping.
    await Promise.race([ready(), aborted(signal)])
    ledger.hold(created, this.#cid)
    try {
      await kuboPins.exclusively(this.#cid, () => this.#obtain(), { signal })
    } catch (error) {
      const failure =
        error instanceof KuboRefusalError ? new PinFailedError(`Kubo: ${error.message}`, { cause: error }) : error
      // A failed pin must hold nothing. When Kubo is away, the CID is released when the pin is removed.
      if (failure instanceof PinFailedError) await kuboPins.release(created).catch(() => {})
      throw failure
    }
  }

  cancel(reason: Error): void {
    this.#abort.abort(reason)
  }

  progress(): StringMap {
    return {
      blocks_fetched: `${this.#blocks}`,
      ...(this.#bytes === null ? {} : { bytes_fetched: `${this.#bytes}` }),
    }
  }

  summary(): StringMap {
    return { dag_size: `${this.#bytes ?? 0}`, dag_blocks: `${this.#blocks}` }
  }

  async #obtain(): Promise<void> {
    const { kuboPins, limits } = this.#context
    const { signal } = this.#abort
    const total = setTimeout(() => this.#fail('exceeded', limits.totalTimeoutMs), limits.totalTimeoutMs)
    try {
      if (!(await kuboPins.isPinned(this.#cid, { signal }))) await this.#add()
      await this.#measure()
    } finally {
      clearTimeout(total)
      if (this.#stallTimer) clearTimeout(this.#stallTimer)
      this.#origins.close()
    }
  }

  async #add(): Promise<void> {
    this.#context.ledger.own(this.#cid)
    this.#origins.open()
    this.#restartStallTimer()
    try {
      await this.#addOnce()
    } catch (error) {
      if (!(error instanceof KuboRefusalError)) throw error
      await delay(SECOND_ATTEMPT_MS, null, { signal: this.#abort.signal })
      await this.#addOnce()
    }
  }

  async #addOnce(): Promise<void> {
    const { rpc, ledger } = this.#context
    const args = { arg: this.#cid, recursive: 'true', progress: 'true', name: ledger.name }
    for await (const object of rpc.stream('pin/add', args, { signal: this.#abort.signal })) {
      const { Pins, Progress, Bytes } = progressLine.parse(object)
      if (Pins) return
      if (Progress > this.#blocks) this.#restartStallTimer()
      this.#blocks = Progress
      this.#bytes = Bytes ?? this.#bytes
      this.#check()
    }
    throw new KeeperUnavailableError('Kubo ended its answer to pin/add without having pinned')
  }

  async #measure(): Promise<void> {
    const { rpc, ledger, limits } = this.#context
    if (this.#bytes === null) {
      const options = { timeoutMs: limits.totalTimeoutMs, signal: this.#abort.signal }
      const stat = await rpc.call('dag/stat', { arg: this.#cid, progress: 'false' }, dagStat, options)
      this.#blocks = stat.UniqueBlocks
      this.#bytes = stat.TotalSize
    }
    this.#check()
    ledger.measure(this.#pin.created, { blocks: this.#blocks, bytes: this.#bytes })
  }

  #check(): void {
    const { limits, bytesOf } = this.#context
    const { owner, bytes: counted } = this.#pin
    const bytes = this.#bytes ?? 0
    checkDagSize(limits, { blocks: this.#blocks, bytes })
    checkTokenBytes(limits, bytesOf(owner) - counted + bytes)
  }

  #restartStallTimer(): void {
    const { stallTimeoutMs } = this.#context.limits
    if (this.#stallTimer) this.#stallTimer.refresh()
    else this.#stallTimer = setTimeout(() => this.#fail('stalled', stallTimeoutMs), stallTimeoutMs)
  }

  #fail(why: 'stalled' | 'exceeded', timeoutMs: number): void {
    const what = why === 'stalled' ? 'No block arrived for' : 'The pin was not complete after'
    this.#abort.abort(new PinFailedError(`${what} ${timeoutMs / 1_000} s; ${this.#origins.describe()}`))
  }
}
