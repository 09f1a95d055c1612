import type { StringMap } from '../../domain/pin.ts'

/**
 * Interruptions in a row, at the same block, after which a pin is suspected and tried alone. A kill or a crash for another reason, even a
 * second one, makes no suspects: trying pins one at a time takes long.
 */
const SUSPECTED_AFTER = 3

/**
 * Queues the pins that were being fetched when the service broke off, and counts the interruption in their info.
 *
 * `interrupted_at_blocks` is the number of blocks that the pin had. `interruptions` counts the interruptions in a row
 * at that number. Several pins that were being fetched at the same time are counted until they are suspected, and no further: all but one of
 * them may be innocent. A pin that was being fetched alone is always counted.
 *
 * Its one parameter is 1 if a single pin was being fetched, else 0.
 */
export const REQUEUE_INTERRUPTED = `
UPDATE pin SET status = 'queued', info = json_object(
  'status_details', 'Interrupted; waits to be gone on with',
  'interruptions', CASE
    WHEN blocks > coalesce(CAST(info ->> 'interrupted_at_blocks' AS INTEGER), -1) THEN '1'
    WHEN ? OR (info ->> 'interruptions') + 0 < ${SUSPECTED_AFTER} THEN CAST((info ->> 'interruptions') + 1 AS TEXT)
    ELSE info ->> 'interruptions'
  END,
  'interrupted_at_blocks', CAST(blocks AS TEXT)
) WHERE status = 'pinning'`

/** Selects the keys of the queued pins that are suspected. Those with the fewest interruptions come first: they are most likely innocent. */
export const SUSPECTS = `
SELECT created FROM pin WHERE status = 'queued' AND info <> '{}'
  AND (info ->> 'interruptions') + 0 >= ${SUSPECTED_AFTER} AND blocks <= (info ->> 'interrupted_at_blocks') + 0
ORDER BY (info ->> 'interruptions') + 0, created`

/** Returns the entries of a pin's info that count interruptions. They must be kept until the pin settles. */
export function interruptionsIn({ interruptions, interrupted_at_blocks }: StringMap): StringMap {
  if (interruptions === undefined || interrupted_at_blocks === undefined) return {}
  return { interruptions, interrupted_at_blocks }
}

/** Number of interruptions in a row at the same block. */
export function countInterruptions({ interruptions }: StringMap): number {
  return Number(interruptions ?? 0)
}
