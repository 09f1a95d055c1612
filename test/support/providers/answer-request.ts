import type { EmulatedPin, PinBody } from './emulated-pin.ts'
import type { EmulatedPins } from './emulated-pins.ts'
import type { Operation } from './operation.ts'
import { parseSubmission, type Submission, toPinBody } from './pin-checks.ts'
import { showPin, type View } from './pin-shape.ts'
import type { LoggedRequest, ProviderProfile } from './provider-profile.ts'
import type { RateGate } from './rate-gate.ts'
import { Refusal } from './refusal.ts'
import { jsonReply, type WireReply } from './wire-reply.ts'

/** A hook's decision about the answer: undefined keeps it, a reply replaces it, and `drop` breaks the connection. */
type HookVerdict = WireReply | 'drop' | undefined

type ReplyHook = (request: LoggedRequest, reply: WireReply) => HookVerdict | Promise<HookVerdict>

export interface EmulatedProviderHooks {
  /** The answer is made, but not sent: pins may change before the next page, or the answer may be held up. */
  beforeReply?: ReplyHook | undefined
  /** A POST or DELETE has taken effect; `'drop'` is the lost reply. */
  afterCommit?: ReplyHook | undefined
  /** Between the two halves of a replacement. */
  duringReplace?: (() => void | Promise<void>) | undefined
}

/** The parts of a running service that answering needs. */
export interface ServiceParts {
  readonly profile: ProviderProfile
  readonly clock: () => bigint
  readonly gate: RateGate
  readonly tokens: ReadonlySet<string>
  readonly unpaidTokens: ReadonlySet<string>
  readonly hooks: EmulatedProviderHooks
  storeOf(token: string): EmulatedPins
  isForeign(requestId: string): boolean
  /** True when this request meets an internal failure. */
  isBroken(): boolean
}

/** Details of a request's arrival that its log entry does not have. */
export interface Arrival {
  readonly address: string
  readonly headBytes: number
}

/** The whole answer to one request, hooks included; `'drop'` breaks the connection, `'silence'` leaves it hanging. */
export async function answerRequest(
  service: ServiceParts,
  request: LoggedRequest,
  arrival: Arrival,
): Promise<WireReply | 'drop' | 'silence'> {
  const { profile, hooks } = service
  if (arrival.headBytes > profile.maxHeadBytes) return profile.headTooLong
  if (request.operation === null) return profile.noRoute(request.method)

  const paused = refuseByRate(service, request.operation, request, arrival.address)
  if (paused) return (await hooks.beforeReply?.(request, paused)) ?? paused

  let reply: WireReply
  try {
    const token = authenticate(service, request.token)
    if (service.isBroken()) {
      if (profile.silentWhenBroken.includes(request.operation)) return 'silence'
      throw profile.broken
    }
    reply = await ANSWERS[request.operation](service, request, service.storeOf(token))
    const verdict = request.method === 'GET' ? undefined : await hooks.afterCommit?.(request, reply)
    if (verdict === 'drop') return 'drop'
    reply = verdict ?? reply
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    reply = profile.errorBody(error)
  }
  return (await hooks.beforeReply?.(request, reply)) ?? reply
}

function refuseByRate(
  service: ServiceParts,
  operation: Operation,
  request: LoggedRequest,
  address: string,
): WireReply | null {
  const refused = service.gate.admit({ operation, address, token: request.token }, request.at)
  if (!refused) return null
  const { rule, waitMs } = refused
  const reply = service.profile.errorBody(new Refusal(429, 'RATE_LIMITED', `Too many requests: ${rule.name}`))
  const retryAfter = rule.retryAfter(waitMs, request.at)
  return retryAfter === null ? reply : { ...reply, headers: { ...reply.headers, 'retry-after': retryAfter } }
}

function authenticate({ profile, tokens, unpaidTokens }: ServiceParts, token: string | null): string {
  if (token === null) throw profile.missingToken
  if (!tokens.has(token)) throw profile.unknownToken
  if (unpaidTokens.has(token)) throw profile.unpaid
  return token
}

type Answer = (service: ServiceParts, request: LoggedRequest, store: EmulatedPins) => WireReply | Promise<WireReply>

const ANSWERS: Readonly<Record<Operation, Answer>> = {
  list({ profile }, { query }, store) {
    const { pins, count } = profile.list(store.listed(), query)
    const shown = pins.map((pin) => show(profile, pin, 'list'))
    return jsonReply(200, profile.listBody(count, shown))
  },

  add(service, request, store) {
    const { profile } = service
    const body = checkedBody(service, request, store)
    const pin = store.add({ ...body, status: profile.bornAs }, profile.listsUntilVisible)
    return jsonReply(profile.addStatus, show(profile, pin, 'add', service.clock()))
  },

  get(service, request, store) {
    return jsonReply(200, show(service.profile, findPin(service, request, store), 'get'))
  },

  async replace(service, request, store) {
    const { profile, hooks } = service
    const old = findPin(service, request, store)
    const body = checkedBody(service, request, store)
    const pin = await profile.replace(old, body, {
      add: (added) => store.add({ ...added, status: profile.bornAs }),
      remove: (requestId) => store.remove(requestId),
      retire: (requestId) => store.retire(requestId),
      update: (requestId, change) => store.update(requestId, profile.keep(change)),
      gap: async () => hooks.duringReplace?.(),
    })
    return jsonReply(profile.replaceStatus, show(profile, pin, 'replace', service.clock()))
  },

  remove(service, request, store) {
    const { profile } = service
    const requestId = requestIdOf(request)
    if (!store.has(requestId) && profile.removeUnknown) throw unknownOr(service, requestId, profile.removeUnknown)
    store.remove(requestId, profile.answersUntilRemoved)
    return profile.removed
  },
}

function show(profile: ProviderProfile, pin: EmulatedPin, view: View, postedAt?: bigint): object {
  const { text, postText } = profile.created
  const created = postedAt !== undefined && postText ? postText(postedAt) : text(pin.created)
  return showPin(profile.shape, pin, created, view)
}

function checkedBody({ profile }: ServiceParts, request: LoggedRequest, store: EmulatedPins): PinBody {
  const operation: Submission['operation'] = request.operation === 'add' ? 'add' : 'replace'
  const fields = parseSubmission(request.body)
  for (const check of profile.checks) check({ operation, fields, existing: () => store.all() })
  return toPinBody(fields)
}

function findPin(service: ServiceParts, request: LoggedRequest, store: EmulatedPins): EmulatedPin {
  const requestId = requestIdOf(request)
  const pin = store.read(requestId)
  if (pin) return pin
  throw unknownOr(service, requestId, service.profile.unknownPin)
}

/** The refusal for an id that this token does not have: a service may tell that it is another's. */
function unknownOr({ profile, isForeign }: ServiceParts, requestId: string, unknown: Refusal): Refusal {
  return (isForeign(requestId) ? profile.foreignPin : null) ?? unknown
}

function requestIdOf(request: LoggedRequest): string {
  const segment = request.path.slice('/pins/'.length)
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
