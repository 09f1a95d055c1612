/** A place for one thing, which stands in a {@link Line} or nowhere. */
export class LinePlace<Thing> {
  readonly thing: Thing
  /** The places around it. Itself while it stands nowhere. */
  before: LinePlace<Thing> = this
  behind: LinePlace<Thing> = this

  constructor(thing: Thing) {
    this.thing = thing
  }

  leave(): void {
    this.before.behind = this.behind
    this.behind.before = this.before
    this.before = this
    this.behind = this
  }
}

/**
 * Things in the order in which they joined.
 *
 * A `Set` has that order as well. But it copies its table again and again when things join and leave with every request.
 */
export class Line<Thing> {
  /** Stands between the last place and the first one. */
  readonly #ends = new LinePlace<Thing | null>(null)

  /** The thing that joined before all others. Null for an empty line. */
  get first(): Thing | null {
    return this.#ends.behind.thing
  }

  /** Puts a place last, wherever it stood. */
  join(place: LinePlace<Thing>): void {
    place.leave()
    const last: LinePlace<Thing | null> = place
    last.before = this.#ends.before
    last.behind = this.#ends
    this.#ends.before.behind = last
    this.#ends.before = last
  }
}
