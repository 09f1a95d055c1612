import { PsaClient } from './psa-client.ts'

/** Pins of `token-a` and `token-b`, changed at random. */
export class RandomChanges {
  readonly #random: (below: number) => number
  readonly #nextBody: () => Record<string, unknown>
  #pins: { readonly requestid: string; readonly token: string }[] = []
  /** Number of changes that were answered. */
  count = 0

  /**
   * @param random a whole number below another
   * @param nextBody returns the body of the next pin
   */
  constructor(random: (below: number) => number, nextBody: () => Record<string, unknown>) {
    this.#random = random
    this.#nextBody = nextBody
  }

  /** Adds, replaces or removes one pin. Rejects when the service does not answer. */
  async make(endpoint: string): Promise<void> {
    const token = this.#random(2) === 0 ? 'token-a' : 'token-b'
    const client = new PsaClient(endpoint, token)
    const body = this.#nextBody()
    const kind = this.#random(10)
    const victim = this.#pins.filter((pin) => pin.token === token)[this.#random(8)]
    if (kind < 4 || !victim) this.#pins.push({ requestid: (await client.add(body)).requestid, token })
    else {
      this.#pins = this.#pins.filter((pin) => pin !== victim)
      if (kind < 7) this.#pins.push({ requestid: (await client.replace(victim.requestid, body)).body.requestid, token })
      else await client.remove(victim.requestid)
    }
    this.count++
  }

  /** Makes one change after the other until the service does not answer. */
  async makeWhileAlive(endpoint: string): Promise<void> {
    let isAlive = true
    while (isAlive) {
      isAlive = await this.make(endpoint).then(
        () => true,
        () => false,
      )
    }
  }
}
