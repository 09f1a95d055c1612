import { parseCid } from '../../../src/domain/cid.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { PinStatus } from '../../../src/domain/pin.ts'
import type { EmulatedPin, PinBody } from './emulated-pin.ts'
import type { ProviderProfile } from './provider-profile.ts'

/** A pin to put into a service behind its back. Left out: no name and so on, `pinned`, created now, a new id. */
export interface SeedPin extends Partial<PinBody> {
  readonly cid: string
  readonly status?: PinStatus
  /** RFC 3339, or nanoseconds since 1970; cut to what the service stores. */
  readonly created?: string | bigint
  readonly requestId?: string
  readonly info?: Readonly<Record<string, string>>
}

interface Entry {
  pin: EmulatedPin
  /** Lists in which the pin is still missing. */
  hiddenLists: number
  /** Answers in which a removed pin still shows; null: not removed. */
  lastAnswers: number | null
  /** Readable by id only. */
  retired: boolean
}

/** The pins of one account, in the order in which they were stored. */
export class EmulatedPins {
  readonly #profile: ProviderProfile
  readonly #nextCreated: () => bigint
  readonly #nextSequence: () => number
  readonly #entries = new Map<string, Entry>()

  constructor(profile: ProviderProfile, nextCreated: () => bigint, nextSequence: () => number) {
    this.#profile = profile
    this.#nextCreated = nextCreated
    this.#nextSequence = nextSequence
  }

  /** The truth, without delays. */
  all(): EmulatedPin[] {
    return [...this.#entries.values()].filter((entry) => !isGone(entry)).map((entry) => entry.pin)
  }

  /** Returns the pins that a list may show. The call counts as one list, and as one answer for pins that are about to go. */
  listed(): EmulatedPin[] {
    const shown: EmulatedPin[] = []
    for (const entry of this.#entries.values()) {
      if (entry.hiddenLists > 0) entry.hiddenLists--
      else if (!entry.retired) shown.push(this.#shown(entry))
    }
    return shown
  }

  /** The pin of an id; counts as one answer for a pin about to go. */
  read(requestId: string): EmulatedPin | undefined {
    const entry = this.#entries.get(requestId)
    return entry && this.#shown(entry)
  }

  has(requestId: string): boolean {
    const entry = this.#entries.get(requestId)
    return entry !== undefined && !isGone(entry)
  }

  add(seed: SeedPin, hiddenLists = 0): EmulatedPin {
    const kept = this.#profile.keep({ name: null, origins: null, meta: null, ...seed })
    const created = this.#created(seed.created)
    const makeId = () =>
      this.#profile.requestId({
        sequence: this.#nextSequence(),
        cid: seed.cid,
        createdMs: Number(created / 1_000_000n),
      })
    const pin: EmulatedPin = {
      requestId: seed.requestId ?? makeId(),
      cid: kept.cid,
      cidKey: cidKeyOf(kept.cid),
      name: kept.name,
      origins: kept.origins,
      meta: kept.meta,
      status: seed.status ?? 'pinned',
      created,
      info: seed.info ?? {},
    }
    this.#entries.set(pin.requestId, { pin, hiddenLists, lastAnswers: null, retired: false })
    return pin
  }

  update(requestId: string, change: Partial<EmulatedPin>): EmulatedPin {
    const entry = this.#entries.get(requestId)
    if (!entry) throw new Error(`No pin ${requestId} in the emulated ${this.#profile.name}`)
    entry.pin = { ...entry.pin, ...change }
    return entry.pin
  }

  remove(requestId: string, answersUntilGone = 0): void {
    const entry = this.#entries.get(requestId)
    if (!entry) return
    if (answersUntilGone === 0) this.#entries.delete(requestId)
    else entry.lastAnswers ??= answersUntilGone
  }

  retire(requestId: string): void {
    const entry = this.#entries.get(requestId)
    if (entry) entry.retired = true
  }

  clear(): void {
    this.#entries.clear()
  }

  #shown(entry: Entry): EmulatedPin {
    if (entry.lastAnswers !== null && --entry.lastAnswers === 0) this.#entries.delete(entry.pin.requestId)
    return entry.pin
  }

  #created(given: string | bigint | undefined): bigint {
    if (given === undefined) return this.#nextCreated()
    const ns = typeof given === 'bigint' ? given : parseInstant(given).ns
    return ns - (ns % this.#profile.created.unit)
  }
}

function isGone(entry: Entry): boolean {
  return entry.retired || entry.lastAnswers !== null
}

/** Tests may use made-up CIDs; those compare by their text. */
function cidKeyOf(cid: string): string {
  try {
    return parseCid(cid).key
  } catch {
    return cid
  }
}
