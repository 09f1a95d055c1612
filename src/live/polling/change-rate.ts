import type { Pin } from '../../domain/pin.ts'

/** Seconds within which a pin in the queue, or one that is being fetched, hardly gets less likely to change. */
const QUEUED_SECONDS = 2
const PINNING_SECONDS = 10

/** Changes a second to be expected of a pin under way that has been as it is for so long: fewer the longer. */
export function changeRateOf({ status }: Pick<Pin, 'status'>, ageMs: number): number {
  return 1 / ((status === 'queued' ? QUEUED_SECONDS : PINNING_SECONDS) + Math.max(0, ageMs) / 1000)
}
