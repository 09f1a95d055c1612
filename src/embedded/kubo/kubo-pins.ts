import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { KeeperUnavailableError } from '../queue/keeper.ts'
import type { PinStore } from '../store/pin-store.ts'
import type { KuboLedger } from './kubo-ledger.ts'
import { KuboRefusalError, type KuboRpc } from './kubo-rpc.ts'

const listed = z.object({ Keys: z.record(z.string(), z.object({ Name: z.string().optional() })) })
const listedPin = z.object({ Cid: z.string(), Name: z.string().optional() })
const unpinned = z.object({ Pins: z.array(z.string()) })

/**
 * The recursive pins of a Kubo daemon. Some of them are ours.
 *
 * Kubo has one pin per CID. Several pins of ours, and the daemon's owner, may share it. When a CID is pinned again, Kubo removes
 * its pin first, so an interrupted command leaves no pin. Therefore a pinned CID is never pinned again, and work on one CID
 * is exclusive.
 */
export class KuboPins {
  readonly #rpc: KuboRpc
  readonly #ledger: KuboLedger
  readonly #busy = new Map<string, Promise<void>>()

  constructor(rpc: KuboRpc, ledger: KuboLedger) {
    this.#rpc = rpc
    this.#ledger = ledger
  }

  /**
   * Runs work on a CID after all earlier work on that CID has ended.
   *
   * @param options.signal aborts the wait
   */
  exclusively(cid: string, work: () => Promise<void>, options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options
    const result = (this.#busy.get(cid) ?? Promise.resolve()).then(() => {
      signal?.throwIfAborted()
      return work()
    })
    const done = result
      .catch(() => {})
      .then(() => {
        if (this.#busy.get(cid) === done) this.#busy.delete(cid)
      })
    this.#busy.set(cid, done)
    return signal ? Promise.race([result, aborted(signal)]) : result
  }

  /** Asks if the daemon has the CID pinned, and records in the ledger if the pin is ours. */
  async isPinned(cid: string, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    try {
      const { Keys } = await this.#rpc.call('pin/ls', { arg: cid, type: 'recursive', names: 'true' }, listed, options)
      this.#learn(cid, Keys[cid]?.Name)
      return true
    } catch (error) {
      // Kubo answers with an error when the CID is not pinned. Only its text distinguishes it from other errors.
      if (!(error instanceof KuboRefusalError) || !/ is not pinned\b/i.test(error.message)) throw unlisted(error)
      this.#ledger.disown(cid)
      return false
    }
  }

  /**
   * Releases the CID that a pin needs. Unpins it when the pin in Kubo is ours and no other pin needs it.
   *
   * @throws {KeeperUnavailableError} when the daemon cannot be asked. The records are unchanged then.
   */
  async release(pin: number): Promise<void> {
    const cid = this.#ledger.cidOf(pin)
    if (cid === null) return
    await this.#unpinUnless(cid, () => this.#ledger.isHeld(cid, { butBy: pin }))
    this.#ledger.drop(pin)
  }

  /**
   * Compares our pins with the pins of the daemon. A pin that the daemon lacks is queued again. A pin of ours in the daemon
   * that no pin needs is removed.
   */
  async reconcile(pins: PinStore, options: { signal: AbortSignal }): Promise<void> {
    const found = new Set<string>()
    const args = { type: 'recursive', names: 'true', stream: 'true' }
    try {
      for await (const object of this.#rpc.stream('pin/ls', args, options)) {
        const { success, data } = listedPin.safeParse(object)
        if (!success) continue
        if (this.#ledger.isHeld(data.Cid)) found.add(data.Cid)
        if (data.Name === this.#ledger.name) this.#ledger.own(data.Cid)
      }
    } catch (error) {
      throw unlisted(error)
    }
    for (const cid of this.#ledger.unneeded()) await this.#unpinUnless(cid, () => this.#ledger.isHeld(cid))
    let last = -1
    for (;;) {
      const page = this.#ledger.pinnedAfter(last)
      for (const { created, cid } of page) {
        last = created
        if (cid !== null && found.has(cid)) continue
        pins.setStatus(created, 'queued', { status_details: 'Kubo has it pinned no more: waits to be fetched again' })
      }
      if (page.length === 0) return
      await setImmediate()
    }
  }

  async #unpinUnless(cid: string, isNeeded: () => boolean): Promise<void> {
    // A transfer that needs the CID may hold it for hours, so this must not wait. That transfer keeps the pin.
    if (isNeeded()) return
    await this.exclusively(cid, async () => {
      if (isNeeded() || !(await this.isPinned(cid)) || !this.#ledger.isOwn(cid)) return
      await this.#rpc.call('pin/rm', { arg: cid, recursive: 'true' }, unpinned)
      this.#ledger.disown(cid)
    })
  }

  /** @param name the pin's name in the daemon. Undefined from an old daemon without names: then the ledger stays as it is. */
  #learn(cid: string, name: string | undefined): void {
    if (name === this.#ledger.name) this.#ledger.own(cid)
    else if (name !== undefined) this.#ledger.disown(cid)
  }
}

/** Makes a refusal to list pins passing: no pin is its cause, and another attempt may succeed. */
function unlisted(error: unknown): unknown {
  if (!(error instanceof KuboRefusalError)) return error
  return new KeeperUnavailableError(`Kubo does not tell what is pinned: ${error.message}`, { cause: error })
}

/** Rejects when the signal aborts, with its reason. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
