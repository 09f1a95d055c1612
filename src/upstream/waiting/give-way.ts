/** Milliseconds that loops may run in one turn of the event loop. */
const LONGEST_TURN_MS = 10
/** Number of times that the event loop goes round after a turn that was used up. It accepts one connection each time. */
const ROUNDS_BETWEEN = 5

/** Time by `performance.now()` at which the first loop asked in this turn of the event loop. Undefined between turns. */
let turnBeganAt: number | undefined
/** Estimated milliseconds of the short works that have asked in this round of the event loop. */
let shortMs = 0
/** Functions that resume the loops that wait for a turn of the event loop, in the order in which they began to wait. */
const waiting = new Set<() => void>()

/**
 * Lets the event loop go on if loops have run for 10 ms in this turn of it. Called between two items of every loop that may find thousands of
 * them ready: without it, such a loop would keep all other clients waiting until its end, however often it awaits.
 *
 * All loops of a turn share its 10 ms, and one loop that waits goes on in each turn, so that thousands of them take no longer than one.
 * Between two turns that are used up, the event loop goes round a few times, so that new clients get in.
 *
 * @param aheadMs milliseconds that the caller is about to take, if it asks before it works. Otherwise, thousands of callers who ask at the
 *   same time would all be let go on, since none has worked yet. Default 0.
 * @returns undefined in the usual case, so that nothing is awaited in vain
 */
export function giveWay(aheadMs = 0): Promise<void> | undefined {
  if (turnBeganAt === undefined) {
    begin(aheadMs)
    return undefined
  }
  if (!isUsedUp(turnBeganAt)) {
    turnBeganAt -= aheadMs
    return undefined
  }
  return new Promise((resolve) => waiting.add(resolve))
}

/**
 * Lets the event loop go on, as {@link giveWay} does, before a work so short that only many of them in one round of the event loop keep
 * others waiting. A work that comes alone does not wait behind longer ones.
 *
 * @param aheadMs milliseconds that the work takes, about
 * @returns undefined in the usual case
 */
export function giveWayIfMany(aheadMs: number): Promise<void> | undefined {
  if (shortMs === 0) setImmediate(endOfRound)
  shortMs += aheadMs
  return shortMs <= LONGEST_TURN_MS ? undefined : giveWay()
}

function endOfRound(): void {
  shortMs = 0
}

function begin(aheadMs: number): void {
  turnBeganAt = performance.now() - aheadMs
  setImmediate(end)
}

function end(): void {
  if (waiting.size > 0 || (turnBeganAt !== undefined && isUsedUp(turnBeganAt))) rest(ROUNDS_BETWEEN)
  else turnBeganAt = undefined
}

/** Lets the event loop go round, and then begins a turn of the first loop that waits. */
function rest(rounds: number): void {
  if (rounds > 0) {
    setImmediate(rest, rounds - 1)
    return
  }
  turnBeganAt = undefined
  const [resume] = waiting
  if (!resume) return
  waiting.delete(resume)
  begin(0)
  resume()
}

function isUsedUp(beganAt: number): boolean {
  return performance.now() - beganAt >= LONGEST_TURN_MS
}
