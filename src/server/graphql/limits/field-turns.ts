import { giveWay } from '../../../upstream/waiting/give-way.ts'

/** Milliseconds that it takes to make one field of an answer, about, if it is all there. A page of 100 pins with all fields takes one. */
const MS_PER_FIELD = 0.0005
/** Fields of an operation that are made without waiting. */
const FEW_FIELDS = 1_000

interface Waiter {
  readonly fields: number
  readonly resume: () => void
}

/**
 * Lets operations take turns in making the fields of their answers. GraphQL makes those of a list at once, and an answer of a service that
 * many operations wait for makes all of them go on at once.
 *
 * Small operations wait for nobody, and of those that wait, the smallest go on first: a hundred operations of 200,000 fields do not keep
 * a page of pins waiting. An operation that has begun goes on until nothing of it waits, so that its memory is free soon.
 */
export class FieldTurns {
  readonly #waiting = new Map<object, Waiter[]>()
  /** Contexts of operations that wait, the first first, by their size: each queue has those of up to twice as many fields as the last. */
  readonly #queues: Set<object>[] = Array.from({ length: 33 }, () => new Set())
  /** The operation that goes on, or went on last. */
  #current: object | undefined
  #isHandingOut = false

  /**
   * Waits for a turn of the event loop in which so many fields are made.
   *
   * @param context of the operation
   * @param ofOperation fields of the operation so far, these included
   * @returns undefined in the usual case: the operation is small, or the turn is now
   */
  next(context: object, fields: number, ofOperation: number): Promise<void> | undefined {
    if (ofOperation < FEW_FIELDS) return undefined
    if (!this.#isHandingOut) {
      const turn = giveWay(fields * MS_PER_FIELD)
      if (turn === undefined) return undefined
      this.#isHandingOut = true
      void turn.then(() => this.#handOut())
    }
    return new Promise((resume) => {
      const waiters = this.#waiting.get(context)
      if (waiters) {
        waiters.push({ fields, resume })
        return
      }
      this.#waiting.set(context, [{ fields, resume }])
      if (context !== this.#current) this.#queues[32 - Math.clz32(ofOperation)]?.add(context)
    })
  }

  /** Lets all go on at once that an operation waits for. To be called when the operation is aborted, so that it makes no field any more. */
  release(context: object): void {
    for (const { resume } of this.#waiting.get(context) ?? []) resume()
    this.#waiting.delete(context)
    for (const queue of this.#queues) queue.delete(context)
  }

  async #handOut(): Promise<void> {
    for (let waiter = this.#take(); waiter; waiter = this.#take()) {
      await giveWay(waiter.fields * MS_PER_FIELD)
      waiter.resume()
      await giveWay()
    }
    this.#current = undefined
    this.#isHandingOut = false
  }

  #take(): Waiter | undefined {
    if (!this.#current || !this.#waiting.has(this.#current)) this.#current = this.#takeSmallest()
    if (!this.#current) return undefined
    const waiters = this.#waiting.get(this.#current)
    const first = waiters?.shift()
    if (waiters?.length === 0) this.#waiting.delete(this.#current)
    return first
  }

  #takeSmallest(): object | undefined {
    for (const queue of this.#queues) {
      for (const context of queue) {
        queue.delete(context)
        return context
      }
    }
    return undefined
  }
}
