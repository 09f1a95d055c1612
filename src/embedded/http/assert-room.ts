import { InsufficientFundsError } from '../../domain/errors.ts'
import type { Limits } from '../limits.ts'
import type { OwnerUsage } from '../store/pin-store.ts'

/** @throws {InsufficientFundsError} when the owner may have no further pin */
export function assertRoom(usage: OwnerUsage, { maxPinsPerToken, maxBytesPerToken }: Limits): void {
  const refuse = (message: string): never => {
    throw new InsufficientFundsError(message, { service: 'embedded' })
  }
  if (usage.pins >= maxPinsPerToken) refuse(`This token has ${usage.pins} pins, of ${maxPinsPerToken} at most`)
  if (usage.bytes >= maxBytesPerToken) {
    refuse(`This token's pins hold ${usage.bytes} bytes, of ${maxBytesPerToken} at most`)
  }
}
