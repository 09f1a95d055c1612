/** How many parts a round has: pings leave in as many waves, never all at once. */
const SPOKES = 12

/**
 * Calls every member once a round, spread over the round, with the one timer that its owner turns it by.
 */
export class Heartbeat<Member extends { beat(): void }> {
  readonly #spokes = Array.from({ length: SPOKES }, () => new Set<Member>())
  #position = 0

  /** How often `turn()` must be called for rounds of this length. */
  static turnMs(roundMs: number): number {
    return roundMs / SPOKES
  }

  /** Adds a member, who is called a whole round later for the first time. */
  add(member: Member): void {
    this.#spokes[this.#position]?.add(member)
  }

  delete(member: Member): void {
    for (const spoke of this.#spokes) if (spoke.delete(member)) return
  }

  turn(): void {
    this.#position = (this.#position + 1) % SPOKES
    for (const member of this.#spokes[this.#position] ?? []) member.beat()
  }
}
