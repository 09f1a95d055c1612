import { type Cid, parseCid } from '../domain/cid.ts'
import { BadRequestError } from '../domain/errors.ts'
import type { Pin, PinStatus } from '../domain/pin.ts'
import { comparePositions } from '../domain/pin-order.ts'
import type { Failure } from '../domain/unexpected-error.ts'
import { PartlyReadError } from '../upstream/reading/lists/left-out.ts'
import type { GatewayContext } from './context.ts'
import { hasFailed, type Outcome, outcomeOf } from './outcome.ts'
import { type ServiceFields, serviceOf } from './service.ts'
import { withinDeadline } from './within-deadline.ts'

/** One CID with all its pins, at every service. The pins are looked up when a client selects them. */
export interface Content {
  readonly cid: Cid
}

/** Pins of one CID at one service. */
export interface ContentAtService {
  readonly service: ServiceFields
  /** Newest first; null when the service could not be read. */
  readonly pins: readonly Pin[] | null
  /** The reason why `pins` is null, or lacks some pins. */
  readonly error: Failure | null
}

const MAX_CONTENTS = 1000

/** @throws {BadRequestError} for a text that is not a CID */
export function content(cid: string, context: GatewayContext, argument = 'cid'): Content {
  return { cid: context.parsed(parseCid, cid, argument) }
}

/**
 * Returns one element per CID, in order. A text that is not a CID gives an error as its element.
 *
 * @throws {BadRequestError} for more than 1,000
 */
export async function contents(cids: readonly string[], context: GatewayContext): Promise<Outcome<Content>[]> {
  if (cids.length > MAX_CONTENTS) {
    throw BadRequestError.of('cids', `at most ${MAX_CONTENTS} CIDs`, `${cids.length} CIDs`)
  }
  return Promise.all(cids.map((cid, index) => outcomeOf(context, () => content(cid, context, `cids[${index}]`))))
}

/**
 * Looks up a CID at each service that the caller has a token for. Ten CIDs cost one request per service.
 *
 * For a caller without any token, the result is the default service with the error that says so.
 */
export async function contentServices({ cid }: Content, context: GatewayContext): Promise<ContentAtService[]> {
  const { services, defaultName } = context.registry
  const usable = services.map(({ name }) => name).filter((name) => context.mayUse(name))
  const asked = usable.length > 0 ? usable : [defaultName]
  return Promise.all(
    asked.map(async (name) => {
      const service = serviceOf(name, context)
      const load = () => context.loaders.contents.load({ service: name, cid })
      const outcome = await outcomeOf(context, () => withinDeadline(context.signal, name, load))
      if (outcome instanceof PartlyReadError) return { service, pins: outcome.pins, error: outcome }
      return hasFailed(outcome) ? { service, pins: null, error: outcome } : { service, pins: outcome, error: null }
    }),
  )
}

/**
 * Returns the pins of a CID at all services, newest first. Null when no service could be read; `contentServices` has the reasons.
 *
 * @param statuses only pins with one of them; null for any status
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
