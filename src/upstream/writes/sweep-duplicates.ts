import { PinqlError } from '../../domain/errors.ts'
import type { Clock } from '../waiting/clock.ts'
import { sleep } from '../waiting/sleep.ts'
import type { WritePins } from './write-pins.ts'

/** Milliseconds after a write during which a service may still carry out a request that it did not answer. */
const LATE_MS = 60_000
/** Milliseconds before each further try, after a try that failed. They add up to half an hour. */
const RETRY_DELAYS_MS = [60_000, 120_000, 240_000, 480_000, 960_000]

export interface SweepOptions {
  readonly clock: Clock
  /** Ends the pauses and the lists. */
  readonly signal: AbortSignal
  /** Returns whether an attempt at the same write is in flight. Such an attempt chooses the pin that stays itself. */
  isRunning(): boolean
  /** Removes a pin of the write, if it exists. */
  remove(requestId: string): Promise<void>
}

/**
 * Waits one minute, and then removes the duplicates of a write that was sent more than once.
 *
 * Usually this is one list. If the service fails, or the write is in flight again, the next try follows 1, 2, 4, 8, and 16
 * minutes later. After that, a duplicate stays until the tenant connects again.
 *
 * @returns false if no try succeeded
 * @throws `signal.reason` when aborted
 */
export async function sweepDuplicates(pins: WritePins, options: SweepOptions): Promise<boolean> {
  const { clock, signal } = options
  for (const delayMs of [LATE_MS, ...RETRY_DELAYS_MS]) {
    await sleep(clock, delayMs, { signal })
    if (await trySweep(pins, options)) return true
  }
  return false
}

/** Returns whether the service answered all requests. */
async function trySweep(pins: WritePins, { signal, isRunning, remove }: SweepOptions): Promise<boolean> {
  try {
    const [oldest, ...newer] = (await pins.list({ signal })).mine
    if (!oldest) return true
    const { duplicates } = await pins.divide([oldest, ...newer])
    if (isRunning()) return false
    await Promise.all(duplicates.map(({ requestId }) => remove(requestId)))
    return true
  } catch (error) {
    if (!(error instanceof PinqlError)) throw error
    return false
  }
}
