import { OutcomeUnknownError } from '../../domain/change-errors.ts'
import type { Pin } from '../../domain/pin.ts'
import type { WriteRecord } from './write-records.ts'

/**
 * Creates the error for a write whose outcome is unknown.
 *
 * @param candidates pins that the write may have made
 */
export function outcomeUnknown(
  serviceName: string,
  { writeId, key }: WriteRecord,
  candidates: readonly Pin[],
  cause: unknown,
): OutcomeUnknownError {
  return new OutcomeUnknownError(serviceName, { operationId: writeId, idempotencyKey: key, candidates, cause })
}
