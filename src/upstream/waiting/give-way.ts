/** Milliseconds that loops may run in one turn of the event loop. */
const LONGEST_TURN_MS = 10

/** When the first loop of this turn has asked. Undefined in a new turn. */
let turnBeganAt: number | undefined
/** Resumes the loops that wait for a turn, the first first. */
const waiting = new Set<() => void>()

/**
 * Lets the event loop go on if loops have run for 10 ms in this turn. Called between two items of every loop that may find thousands of
 * them ready: without it, such a loop would keep all other clients waiting until its end, however often it awaits.
 *
 * All loops of a turn share its 10 ms, and one loop that waits goes on in each turn, so that thousands of them take no longer than one.
 *
 * @param aheadMs milliseconds that the caller is about to take, if it asks before it works. Otherwise, thousands of callers who ask at the
 *   same time would all be let go on, since none has worked yet. Default 0.
 * @returns undefined in the usual case, so that nothing is awaited in vain
 */
export function giveWay(aheadMs = 0): Promise<void> | undefined {
  const now = performance.now()
  if (turnBeganAt === undefined) {
    turnBeganAt = now - aheadMs
    setImmediate(() => {
      turnBeganAt = undefined
    })
    return undefined
  }
  if (now - turnBeganAt < LONGEST_TURN_MS) {
    turnBeganAt -= aheadMs
    return undefined
  }
  return new Promise((resolve) => {
    if (waiting.size === 0) setImmediate(resumeOne)
    waiting.add(resolve)
  })
}

function resumeOne(): void {
  const [resume] = waiting
  if (!resume) return
  waiting.delete(resume)
  resume()
  if (waiting.size > 0) setImmediate(resumeOne)
}
