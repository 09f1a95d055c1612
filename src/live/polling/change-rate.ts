import type { Pin } from '../../domain/pin.ts'

/** During these seconds, a queued or pinning pin hardly gets less likely to change. */
const QUEUED_SECONDS = 2
const PINNING_SECONDS = 10

/**
 * Returns the expected changes per second of an unsettled pin. The longer it has not changed, the fewer are expected.
 *
 * @param ageMs milliseconds since its last change
 */
export function changeRateOf({ status }: Pick<Pin, 'status'>, ageMs: number): number {
  return 1 / ((status === 'queued' ? QUEUED_SECONDS : PINNING_SECONDS) + Math.max(0, ageMs) / 1000)
}
