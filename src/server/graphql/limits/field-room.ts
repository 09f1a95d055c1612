/** Fields that are too few to be counted: those of a short page. */
const FEW_FIELDS = 100
/** Fields of all answers in the making, for a process whose heap may have 2 GB. */
const DEFAULT_FIELDS = 2_500_000
/** Bytes that a field takes in an answer in the making, about: its place in an object, and a text such as an id. */
const BYTES_PER_FIELD = 200

/** Returns the fields for which there is room in so many bytes. */
export function fieldsOfBytes(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_FIELD)
}

/**
 * The memory for answers in the making: those of operations that have some of their lists, and wait for others.
 *
 * When it is used up, the operation that has the most of it is ended, so that a hundred operations which wait for a slow service together
 * take no more memory than there is.
 */
export class FieldRoom {
  readonly #maxFields: number
  readonly #onFull: (context: object, maxFields: number) => void
  /** Fields of each operation, by its context. */
  readonly #fields = new Map<object, number>()
  #sum = 0

  /**
   * @param onFull called with the context of the operation that has the most fields. It must end the operation.
   * @param maxFields default: 2,500,000
   */
  constructor(onFull: (context: object, maxFields: number) => void, maxFields: number = DEFAULT_FIELDS) {
    this.#onFull = onFull
    this.#maxFields = maxFields
  }

  /** Number of fields that are taken. */
  get fields(): number {
    return this.#sum
  }

  /** Takes room for fields of an operation. A few fields are not counted. */
  take(context: object, fields: number): void {
    if (fields < FEW_FIELDS) return
    this.#fields.set(context, (this.#fields.get(context) ?? 0) + fields)
    this.#sum += fields
    while (this.#sum > this.#maxFields) {
      const largest = this.#largest()
      this.leave(largest)
      this.#onFull(largest, this.#maxFields)
    }
  }

  /** Frees the room of an operation that has its answer. */
  leave(context: object): void {
    if (this.#fields.size === 0) return
    this.#sum -= this.#fields.get(context) ?? 0
    this.#fields.delete(context)
  }

  #largest(): object {
    let most = 0
    let largest: object = this
    for (const [context, fields] of this.#fields) {
      if (fields <= most) continue
      most = fields
      largest = context
    }
    return largest
  }
}
