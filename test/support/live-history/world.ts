import { isSettled, type PinStatus } from '../../../src/domain/pin.ts'
import { type HistoryStage, SERVICE } from './history-stage.ts'

/** The pins of all tenants, and what happens to them. */
export class World {
  /** Number of changes through pinql that are in flight. */
  writing = 0
  readonly #stage: HistoryStage
  readonly #pinsPerTenant: number
  readonly #random: () => number

  constructor(stage: HistoryStage, pinsPerTenant: number, random: () => number) {
    this.#stage = stage
    this.#pinsPerTenant = pinsPerTenant
    this.#random = random
  }

  /** One pin takes one step, comes, goes, or is changed through pinql. */
  move(token: string): void {
    const { upstream, tenant } = this.#stage
    const random = this.#random
    const pins = [...upstream.pins(token).values()]
    const pin = pins[Math.floor(random() * pins.length)]
    const chance = random()
    if (!pin || (pins.length < this.#pinsPerTenant && chance < 0.3)) {
      upstream.add(token, { name: random() < 0.5 ? 'odd' : 'even' })
    } else if (chance < 0.02) {
      const newPin = { cid: pin.cid, name: 'odd', origins: [], meta: {} }
      const ref = { service: SERVICE, requestId: pin.requestId, cid: pin.cid.text }
      const key = `key ${random()}`
      const write = chance < 0.01 ? tenant(token).addPin(newPin, key) : tenant(token).replacePin(ref, newPin, key)
      void this.#write(write)
    } else if (chance < 0.03) {
      void this.#write(tenant(token).removePin(pin.requestId))
    } else if (isSettled(pin.status)) {
      // Most stay as they are, and make room.
      if (chance < 0.3) upstream.remove(token, pin.requestId)
      else if (chance < 0.4) upstream.setStatus(token, pin.requestId, pin.status === 'failed' ? 'queued' : 'failed')
    } else {
      const next: PinStatus =
        pin.status === 'queued' ? 'pinning' : chance < 0.6 ? 'pinning' : chance < 0.7 ? 'failed' : 'pinned'
      upstream.setStatus(token, pin.requestId, next)
    }
  }

  /** Settles every unfinished pin of a token. */
  settle(token: string): void {
    const { upstream } = this.#stage
    for (const { requestId, status } of [...upstream.pins(token).values()]) {
      if (!isSettled(status)) upstream.setStatus(token, requestId, this.#random() < 0.2 ? 'failed' : 'pinned')
    }
  }

  /** Its outcome is of no interest: whatever it did shows in the pins. */
  async #write(write: Promise<unknown>): Promise<void> {
    this.writing++
    await write.catch(() => {})
    this.writing--
  }
}
