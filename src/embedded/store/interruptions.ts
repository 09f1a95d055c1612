import type { StringMap } from '../../domain/pin.ts'

/**
 * Queues the pins that were being fetched when the service broke off, and counts the interruption in their info.
 *
 * `interrupted_at_blocks` is the number of blocks that the pin had. `interruptions` counts the interruptions in a row
 * at that number.
 */
export const REQUEUE_INTERRUPTED = `
UPDATE pin SET status = 'queued', info = json_object(
  'status_details', 'Interrupted; waits to be gone on with',
  'interruptions', CASE
    WHEN blocks > coalesce(CAST(info ->> 'interrupted_at_blocks' AS INTEGER), -1) THEN '1'
    ELSE CAST((info ->> 'interruptions') + 1 AS TEXT)
  END,
  'interrupted_at_blocks', CAST(blocks AS TEXT)
) WHERE status = 'pinning'`

/** Returns the entries of a pin's info that count interruptions. They must be kept until the pin settles. */
export function interruptionsIn({ interruptions, interrupted_at_blocks }: StringMap): StringMap {
  if (interruptions === undefined || interrupted_at_blocks === undefined) return {}
  return { interruptions, interrupted_at_blocks }
}

/** Number of interruptions in a row at the same block. */
export function countInterruptions({ interruptions }: StringMap): number {
  return Number(interruptions ?? 0)
}
