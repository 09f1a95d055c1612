import { parseCid } from '../domain/cid.ts'
import { BadRequestError, PinqlError } from '../domain/errors.ts'
import type { Pin, PinStatus } from '../domain/pin.ts'
import { comparePositions } from '../domain/pin-order.ts'
import type { PinningService } from '../upstream/pinning-service.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { settle } from './settle.ts'

/** One CID, whose pins are looked up when they are selected. */
export interface Content {
  /** As given. */
  readonly cid: string
}

/** What one service has of a CID. */
export interface ContentAtService {
  readonly service: PinningService
  /** Its pins newest first, or why they are not known. */
  readonly result: { readonly pins: readonly Pin[] } | PinqlError
}

const MAX_CONTENTS = 1000

/** @throws {BadRequestError} for what is no CID */
export function content(cid: string, argument = 'cid'): Content {
  return { cid: parseCid(cid, argument).text }
}

/**
 * Many of them, in order; what is no CID becomes an error of its element only.
 *
 * @throws {BadRequestError} for more than 1,000
 */
export async function contents(cids: readonly string[]): Promise<(Content | PinqlError)[]> {
  if (cids.length > MAX_CONTENTS) {
    throw BadRequestError.of('cids', `at most ${MAX_CONTENTS} CIDs`, `${cids.length} CIDs`)
  }
  return Promise.all(cids.map((cid, index) => settle(() => content(cid, `cids[${index}]`))))
}

/**
 * What each service that the caller has a token for holds of a CID. Ten CIDs cost one request a service.
 *
 * A caller who has a token for none finds just that as the answer of the default service.
 */
export async function contentServices({ cid }: Content, context: GatewayContext): Promise<ContentAtService[]> {
  const { services, defaultName } = context.services
  const usable = services.filter((service) => context.mayUse(service.name))
  const asked = usable.length > 0 ? usable : [context.services.get(defaultName)]
  return Promise.all(
    asked.map(async (service) => {
      const { name } = service
      const load = () => context.loaders.contents.load({ service: name, cid })
      const pins = await settle(() => inTime(context.signal, () => unanswered(name), load))
      return { service, result: pins instanceof PinqlError ? pins : { pins } }
    }),
  )
}

/**
 * The pins of a CID over all services, newest first.
 *
 * @param statuses only these; null for any
 * @throws the first service's error when no service could be read
 */
export async function contentPins(
  parent: Content,
  statuses: readonly PinStatus[] | null | undefined,
  context: GatewayContext,
): Promise<Pin[]> {
  const results = (await contentServices(parent, context)).map(({ result }) => result)
  if (results.every((result) => result instanceof PinqlError)) throw results[0]
  return results
    .flatMap((result) => (result instanceof PinqlError ? [] : result.pins))
    .filter((pin) => !statuses || statuses.includes(pin.status))
    .sort(comparePositions)
}
