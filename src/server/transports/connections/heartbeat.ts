/** Parts of a round. Pings leave in as many waves, never all at once. */
const SPOKES = 12

/**
 * Visits every member once per round, spread over the round. Its owner has the timer, and calls `step`.
 */
export class Heartbeat<Member> {
  readonly #spokes = Array.from({ length: SPOKES }, () => new Set<Member>())
  readonly #visit: (member: Member) => void
  #position = 0

  constructor(visit: (member: Member) => void) {
    this.#visit = visit
  }

  /** Milliseconds between calls of `step` for rounds of this length. */
  static stepMs(roundMs: number): number {
    return roundMs / SPOKES
  }

  /** Adds a member. It is visited for the first time after a whole round. */
  add(member: Member): void {
    this.#spokes[this.#position]?.add(member)
  }

  delete(member: Member): void {
    for (const spoke of this.#spokes) if (spoke.delete(member)) return
  }

  step(): void {
    this.#position = (this.#position + 1) % SPOKES
    for (const member of this.#spokes[this.#position] ?? []) this.#visit(member)
  }
}
