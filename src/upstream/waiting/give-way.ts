/** Milliseconds that loops may run in one turn of the event loop. */
const LONGEST_TURN_MS = 10

/** When the first loop of this turn has asked. Undefined in a new turn. */
let turnBeganAt: number | undefined

/**
 * Lets the event loop go on if loops have run for 10 ms in this turn. Called between two items of every loop that may find thousands of
 * them ready: without it, such a loop would keep all other clients waiting until its end, however often it awaits.
 *
 * All loops of a turn share its 10 ms, so that a hundred of them take no longer than one.
 *
 * @returns undefined in the usual case, so that nothing is awaited in vain
 */
export function giveWay(): Promise<void> | undefined {
  const now = performance.now()
  if (turnBeganAt === undefined) {
    turnBeganAt = now
    setImmediate(() => {
      turnBeganAt = undefined
    })
    return undefined
  }
  if (now - turnBeganAt < LONGEST_TURN_MS) return undefined
  return new Promise((resolve) => setImmediate(resolve))
}
