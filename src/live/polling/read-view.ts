import { BadRequestError, PinNotFoundError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { openPinStreams } from '../../upstream/reading/pin-stream.ts'
import type { StopSignal } from '../../upstream/waiting/stop.ts'
import type { LiveTenant } from '../live-tenant.ts'
import type { View } from '../watched/view.ts'

/** More pins than a browser can show, and 10 requests. */
const MAX_WATCHED = 10_000

/**
 * Reads the pins of a new view: one list per 1,000 pins of a query, or per ten ids. Pins that a change made within the
 * last 2 s cost no request.
 *
 * @param options.isKnown returns true for a request id that is not looked up, since its state is known
 * @returns the pins that were found
 * @throws {BadRequestError} the filter matches more than 10,000 pins
 * @throws whatever the requests reject with
 */
export async function readView(
  tenant: LiveTenant,
  view: View,
  options: { readonly isKnown: (requestId: string) => boolean; readonly signal: StopSignal },
): Promise<Pin[]> {
  const { isKnown, signal } = options
  const found: Pin[] = []
  if (view.query) {
    for (const stream of openPinStreams(tenant, view.query, { signal, expected: 1000 })) {
      await stream.start()
      if ((stream.count ?? 0) > MAX_WATCHED) throw tooMany()
      for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
        found.push(next)
        stream.shift()
        if (found.length > MAX_WATCHED) throw tooMany()
      }
    }
    return found
  }
  const lookUp = async (ref: PinRef): Promise<void> => {
    try {
      found.push(tenant.justMade(ref.requestId) ?? (await tenant.lookupPin(ref, { signal })))
    } catch (error) {
      if (!(error instanceof PinNotFoundError)) throw error
    }
  }
  await Promise.all([...view.refs.values()].filter(({ requestId }) => !isKnown(requestId)).map(lookUp))
  return found
}

function tooMany(): BadRequestError {
  return BadRequestError.of('filter', `one that matches at most ${MAX_WATCHED} pins`, 'one that matches more')
}
