import { setTimeout as delay } from 'node:timers/promises'
import { isBusy } from '../../storage/storage-trouble.ts'

const RETRY_MS = 50
/** Milliseconds for which a change waits while another process holds the database. */
const PATIENCE_MS = 1_000

/**
 * Makes a change of the database, and repeats it while another process holds the database. Other requests are served meanwhile.
 *
 * @param change stores nothing when it throws
 * @throws whatever `change` throws, for another reason or after a second
 */
export async function whenFree<Result>(change: () => Result): Promise<Result> {
  const startedAt = performance.now()
  for (;;) {
    try {
      return change()
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedAt > PATIENCE_MS) throw error
    }
    await delay(RETRY_MS)
  }
}
