/** How many parts a round has: pings leave in as many waves, never all at once. */
const SPOKES = 12

/**
 * Visits every member once a round, spread over the round, with the one timer that its owner turns it by.
 */
export class Heartbeat<Member> {
  readonly #spokes = Array.from({ length: SPOKES }, () => new Set<Member>())
  readonly #visit: (member: Member) => void
  #position = 0

  constructor(visit: (member: Member) => void) {
    this.#visit = visit
  }

  /** How often `turn()` must be called for rounds of this length. */
  static turnMs(roundMs: number): number {
    return roundMs / SPOKES
  }

  /** Adds a member, who is visited a whole round later for the first time. */
  add(member: Member): void {
    this.#spokes[this.#position]?.add(member)
  }

  delete(member: Member): void {
    for (const spoke of this.#spokes) if (spoke.delete(member)) return
  }

  turn(): void {
    this.#position = (this.#position + 1) % SPOKES
    for (const member of this.#spokes[this.#position] ?? []) this.#visit(member)
  }
}
