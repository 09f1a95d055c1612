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
 * The recursive pins of a Kubo daemon that belong to us, among those that do not.
 *
 * Kubo has one pin a CID, so two pins of ours share it, and so may its owner. To pin a CID anew, Kubo drops its pin
 * first, and a command that is broken off then leaves none. So nothing is pinned that is pinned, and whoever works on a
 * CID has it alone.
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
   * Runs work on a CID when nobody else does any.
   *
   * @param options.signal ends the wait with its reason
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

  /** Whether the daemon has the CID pinned. Whose pin that is, is noted. */
  async isPinned(cid: string, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    try {
      const { Keys } = await this.#rpc.call('pin/ls', { arg: cid, type: 'recursive', names: 'true' }, listed, options)
      this.#learn(cid, Keys[cid]?.Name)
      return true
    } catch (error) {
      // To list what is not pinned is an error, and only its words tell it from any other.
      if (!(error instanceof KuboRefusalError) || !/ is not pinned\b/i.test(error.message)) throw unlisted(error)
      this.#ledger.disown(cid)
      return false
    }
  }

  /**
   * Ends what a pin holds: unpins its CID where the pin of Kubo is ours, and no other pin needs it.
   *
   * @throws {KeeperUnavailableError} when the daemon cannot be asked; nothing is forgotten then
   */
  async release(pin: number): Promise<void> {
    const cid = this.#ledger.cidOf(pin)
    if (cid === null) return
    await this.#unpinUnless(cid, () => this.#ledger.isHeld(cid, { butBy: pin }))
    this.#ledger.drop(pin)
  }

  /**
   * Compares what is pinned here with what is pinned in the daemon: a pin that the daemon does not have waits to be
   * fetched again, and a pin of ours there that nobody needs is removed.
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
    // Whoever needs it may work on it for hours, and takes over what is to be done here.
    if (isNeeded()) return
    await this.exclusively(cid, async () => {
      if (isNeeded() || !(await this.isPinned(cid)) || !this.#ledger.isOwn(cid)) return
      await this.#rpc.call('pin/rm', { arg: cid, recursive: 'true' }, unpinned)
      this.#ledger.disown(cid)
    })
  }

  /** @param name what the daemon calls the pin; undefined from one that knows no names, where the ledger has to do */
  #learn(cid: string, name: string | undefined): void {
    if (name === this.#ledger.name) this.#ledger.own(cid)
    else if (name !== undefined) this.#ledger.disown(cid)
  }
}

/** A daemon that cannot list its pins now is asked again: it has refused nothing that a pin could fail for. */
function unlisted(error: unknown): unknown {
  if (!(error instanceof KuboRefusalError)) return error
  return new KeeperUnavailableError(`Kubo does not tell what is pinned: ${error.message}`, { cause: error })
}

/** Rejects when the signal aborts, with its reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
