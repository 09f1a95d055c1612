import { type Cid, cidTexts, parseCid } from '../../domain/cid.ts'
import { PinNotFoundError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { comparePositions } from '../../domain/pin-order.ts'
import type { Account } from '../service/account.ts'
import type { SignalOptions } from '../service/tenant-call-options.ts'
import type { StopSignal } from '../waiting/stop.ts'
import { idsOf } from './lists/compare-pages.ts'
import { LookupQueue } from './lookups/lookup-queue.ts'
import type { PinReads } from './pin-reads.ts'

/** The pins that the tenant made within the last minute. Lists may not show them yet. */
export interface MadePins {
  /** Notes that an answer contained a pin. */
  shown(requestId: string): void
  /** Request ids of the pins of a CID that were made, oldest first. */
  madeOf(cid: Cid): string[]
  /** Notes that the service did not find a pin that was made. */
  notFound(requestId: string): void
}

/** One tenant's lookups of single pins and CIDs. They are coalesced into few requests. */
export class PinLookups {
  readonly #account: Account
  readonly #reads: PinReads
  readonly #made: MadePins
  readonly #queue: LookupQueue

  constructor(account: Account, reads: PinReads, made: MadePins) {
    this.#account = account
    this.#reads = reads
    this.#made = made
    this.#queue = new LookupQueue(account.service, reads)
  }

  /** See `Tenant.lookupPin`. */
  async pin({ cid, requestId }: PinRef, { signal }: SignalOptions = {}): Promise<Pin> {
    const [pin] = await this.#queue.find({ cid: parseCid(cid), requestId }, signal)
    this.#made.shown(requestId)
    return pin ?? this.#reads.getPin(requestId, { signal })
  }

  /** See `Tenant.lookupContent`. */
  async content(cid: Cid, { signal }: SignalOptions = {}): Promise<readonly Pin[]> {
    const listed = await this.#list(cid, signal)
    const unlisted = await this.#findUnlisted(listed, cid, signal)
    const pins = new Map([...listed, ...unlisted].map((pin) => [pin.requestId, pin]))
    return [...pins.values()].sort(comparePositions)
  }

  /** Returns the pins of a CID as lists show them. Newly made pins may be missing. */
  listed(cid: Cid, { signal }: SignalOptions = {}): Promise<readonly Pin[]> {
    return this.#list(cid, signal)
  }

  async #list(cid: Cid, signal: StopSignal | undefined): Promise<readonly Pin[]> {
    const forms = this.#account.service.capabilities.cidForm === 'text' ? cidTexts(cid) : [cid.text]
    const find = (text: string) => this.#queue.find({ cid: { text, key: cid.key }, requestId: null }, signal)
    return (await Promise.all(forms.map(find))).flat()
  }

  /** Reads, by request id, the newly made pins of a CID that its list did not contain. */
  async #findUnlisted(listed: readonly Pin[], cid: Cid, signal: StopSignal | undefined): Promise<Pin[]> {
    const shown = idsOf(listed)
    const unlisted = this.#made.madeOf(cid).filter((requestId) => !shown.has(requestId))
    const pins = await Promise.all(unlisted.map((requestId) => this.#findMade(requestId, signal)))
    return pins.filter((pin) => pin !== null)
  }

  async #findMade(requestId: string, signal: StopSignal | undefined): Promise<Pin | null> {
    try {
      return await this.#reads.getPin(requestId, { signal })
    } catch (error) {
      if (!(error instanceof PinNotFoundError)) throw error
      this.#made.notFound(requestId)
      return null
    }
  }
}
