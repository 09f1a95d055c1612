import type { Cid } from '../../domain/cid.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Clock } from '../clock.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { type RequestIds, Stop, type StopSignal } from '../stop.ts'
import type { WriteChannel } from './write-channel.ts'
import type { WriteTarget } from './write-target.ts'

/**
 * The target of one write, whose requests name the operations that wait for the write.
 *
 * A write that was sent goes on when its clients leave. So its requests do not use the signals of the clients, which would
 * abort them, but a signal that is never aborted.
 */
export class OperationTarget implements WriteTarget {
  readonly #channel: WriteChannel
  readonly #operations: RequestIds
  /** Never aborted. */
  readonly #signal: StopSignal

  constructor(channel: WriteChannel, operations: RequestIds) {
    this.#channel = channel
    this.#operations = operations
    this.#signal = new Stop(operations)
  }

  get key(): string {
    return this.#channel.key
  }

  get service(): string {
    return this.#channel.service
  }

  get capabilities(): Capabilities {
    return this.#channel.capabilities
  }

  get clock(): Clock {
    return this.#channel.clock
  }

  get timeoutMs(): number {
    return this.#channel.timeoutMs
  }

  post(pin: NewPin, write: { replaced: string | null; old: string | null; askedAt: number }): Promise<Pin> {
    return this.#channel.post(pin, write, { signal: this.#signal })
  }

  getPin(requestId: string): Promise<Pin> {
    return this.#channel.getPin(requestId, { signal: this.#signal })
  }

  removePin(requestId: string, options: { successor?: Pin | undefined } = {}): Promise<void> {
    return this.#channel.removePin(requestId, { ...options, signal: this.#signal })
  }

  async lookupContent(cid: Cid, { signal }: { signal?: StopSignal | undefined } = {}): Promise<readonly Pin[]> {
    if (!signal) return this.#channel.lookupContent(cid, { signal: this.#signal })
    const stop = new Stop(this.#operations)
    const letGo = stop.follow(signal)
    try {
      return await this.#channel.lookupContent(cid, { signal: stop })
    } finally {
      letGo()
    }
  }

  showsWrites(): Promise<boolean> {
    return this.#channel.showsWrites({ signal: this.#signal })
  }

  noteReplaced(requestId: string, pin: Pin): void {
    this.#channel.noteReplaced(requestId, pin)
  }

  observeIgnoredCid(): void {
    this.#channel.observeIgnoredCid()
  }
}
