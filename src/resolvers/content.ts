import { parseCid } from '../domain/cid.ts'
import { BadRequestError, PinqlError } from '../domain/errors.ts'
import type { Pin, PinStatus } from '../domain/pin.ts'
import { comparePositions } from '../domain/pin-order.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { type ServiceFields, serviceOf } from './service.ts'
import { settle } from './settle.ts'

/** One CID, whose pins are looked up when they are selected. */
export interface Content {
  /** As given. */
  readonly cid: string
}

/** Pins of one CID at one service. */
export interface ContentAtService {
  readonly service: ServiceFields
  /** Its pins newest first; null when they are not known. */
  readonly pins: readonly Pin[] | null
  /** The reason why its pins are not known. */
  readonly error: PinqlError | null
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
  const usable = services.map(({ name }) => name).filter((name) => context.mayUse(name))
  const asked = usable.length > 0 ? usable : [defaultName]
  return Promise.all(
    asked.map(async (name) => {
      const service = serviceOf(name, context)
      const load = () => context.loaders.contents.load({ service: name, cid })
      const outcome = await settle(() => inTime(context.signal, () => unanswered(name), load))
      return outcome instanceof PinqlError
        ? { service, pins: null, error: outcome }
        : { service, pins: outcome, error: null }
    }),
  )
}

/**
 * The pins of a CID over all services, newest first. Null when no service could be read: `contentServices` says why.
 *
 * @param statuses only these; null for any
 */
export async function contentPins(
  parent: Content,
  statuses: readonly PinStatus[] | null | undefined,
  context: GatewayContext,
): Promise<Pin[] | null> {
  const answers = await contentServices(parent, context)
  if (answers.every(({ pins }) => pins === null)) return null
  return answers
    .flatMap(({ pins }) => pins ?? [])
    .filter((pin) => !statuses || statuses.includes(pin.status))
    .sort(comparePositions)
}
