import { isSameCid } from '../../domain/cid.ts'
import { MalformedResponseError, PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import { OriginsRefusedError, WrongEndpointError } from '../http/refusals.ts'
import { outcomeUnknown } from './outcome-unknown.ts'
import { fewerOrigins } from './refused-origins.ts'
import { nativeTargetOf } from './replacement.ts'
import type { WriteRecord } from './write-records.ts'
import type { WriteRequests } from './write-requests.ts'

/**
 * Sends a write with one POST. It sends further POSTs if the service rejects the origins, or ignores the CID of a
 * replacement.
 *
 * @param deadline clock time by which every request must have ended
 * @throws {OutcomeUnknownError} when the service changed the old pin's name and `meta`, and then refused to add the new pin
 * @throws {MalformedResponseError} when the answer to an add has another CID
 * @throws whatever else the POST rejects with
 */
export async function sendWrite(requests: WriteRequests, record: WriteRecord, deadline: number): Promise<Pin> {
  const { write, writeId } = record
  const replaced = nativeTargetOf(write, requests.capabilities)
  const post = { replaced, old: write.replaces?.requestId ?? null, deadline }
  const pin = await sendWithFewerOrigins(requests, { ...write.pin, writeId }, post)
  if (isSameCid(pin.cid, write.pin.cid)) return pin
  const { serviceName } = requests
  if (replaced === null) {
    const message = `${serviceName} answered with a pin of another CID than it was asked for`
    throw new MalformedResponseError(message, { service: serviceName })
  }
  requests.observeIgnoredCid()
  try {
    return await sendWrite(requests, record, deadline)
  } catch (cause) {
    // The old pin's name and `meta` are changed by now. So a plain refusal would be misleading.
    if (!(cause instanceof PinqlError) || isOutcomeUnknown(cause)) throw cause
    throw outcomeUnknown(serviceName, record, [], cause)
  }
}

/** Sends one POST, and again without the origins that the service refuses. See {@link fewerOrigins}. */
async function sendWithFewerOrigins(
  requests: WriteRequests,
  pin: NewPin,
  post: { readonly replaced: string | null; readonly old: string | null; readonly deadline: number },
): Promise<Pin> {
  const { replaced, old, deadline } = post
  for (let tries: (readonly string[])[] = [pin.origins], refusal: unknown; ; ) {
    const origins = tries.shift()
    if (origins === undefined) throw refusal
    // The time of a call counts from `askedAt`, and must not end after the write's deadline.
    const askedAt = Math.min(requests.clock.now(), deadline - requests.timeoutMs)
    try {
      return await requests.post({ ...pin, origins }, { replaced, old, askedAt })
    } catch (error) {
      if (!(error instanceof OriginsRefusedError) || origins.length === 0) throw error
      refusal = error
      if (tries.length === 0) tries = fewerOrigins(origins, error.message)
    }
  }
}

/** Returns whether an error leaves open if the service carried out the request. */
export function isOutcomeUnknown(error: unknown): boolean {
  return (
    (error instanceof ServiceUnavailableError && error.mayHaveActed) ||
    // A success with an unreadable body is still a success.
    (error instanceof MalformedResponseError && !(error instanceof WrongEndpointError))
  )
}
