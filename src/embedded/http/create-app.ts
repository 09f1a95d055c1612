import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { parseBearerToken } from '../../domain/bearer-token.ts'
import { BadRequestError, InsufficientFundsError } from '../../domain/errors.ts'
import type { NewPin, StringMap } from '../../domain/pin.ts'
import { parseListQuery } from '../../psa/parse-list-query.ts'
import { parsePin } from '../../psa/parse-pin.ts'
import { FAILURE_STATUS, printFailure } from '../../psa/print-failure.ts'
import { type PinStatusBody, printPinStatus } from '../../psa/print-pin-status.ts'
import { storageTrouble } from '../../storage/storage-trouble.ts'
import type { Limits } from '../limits.ts'
import type { PinStore } from '../store/pin-store.ts'
import type { ListedPin, StoredPin } from '../store/stored-pin.ts'
import { whenFree } from '../store/when-free.ts'
import { allowOrigins } from './allow-origins.ts'
import { AnswerRoom, type OutgoingAnswer } from './answer-room.ts'
import { assertRoom } from './assert-room.ts'
import { BodyReader, UnreadBodyError } from './body-reader.ts'
import { pinFilterOf } from './pin-filter-of.ts'

/** The specification's failures, and three of this service. */
const STATUS_OF = {
  ...FAILURE_STATUS,
  PAYLOAD_TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  STORAGE_UNAVAILABLE: 503,
} as const

/** The parts of the service that the routes use. */
export interface AppContext {
  readonly pins: PinStore
  readonly limits: Limits
  /** Returns the owner whose pins the token opens, or null for an unknown token. */
  readonly ownerOf: (token: string) => number | null
  /** Returns the multiaddrs of this service's peer. */
  readonly delegates: () => readonly string[]
  /** Called after a pin was stored. */
  readonly onAdded: (pin: StoredPin) => void
  /** Called after a pin was removed or replaced. */
  readonly onRemoved: (pin: StoredPin) => void
  /** Returns the present state of a pin's transfer, in the words of `PinStatus.info`. Empty where there is none. */
  readonly progressOf: (pin: ListedPin) => StringMap
  /** Origins whose web pages may call the service, as in the gateway's setting `corsOrigins`. Default: none. */
  readonly corsOrigins?: readonly string[]
  /** Called with each failure that no client caused. */
  readonly onError: (error: unknown) => void
}

interface AppTypes {
  Variables: { owner: number }
  /** Empty or undefined without a server. */
  Bindings: { incoming?: Readable; outgoing?: OutgoingAnswer }
}

/** Base URLs are often written with a slash at their end, so that a path begins with two. Some clients end it with one. */
function plainPathOf({ url }: Request): string {
  return new URL(url).pathname.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
}

/**
 * Creates the HTTP side of the service: the five operations of the Pinning Service API 1.0.0.
 *
 * Every refusal has the API's error body. Its status is 400 for bad input, 401 for a missing or unknown token, 404 when the
 * token has no such pin, 409 when the token has no room left, 413 for a body that is too large, 429 for
 * a body that has lost its room and while a thousand lists wait for clients that read nothing, 500 for a bug, and 503 when the disk refuses to write.
 */
export function createApp(context: AppContext): Hono<AppTypes> {
  const { pins, limits } = context
  const app = new Hono<AppTypes>({ getPath: plainPathOf })
  const unread = new AnswerRoom()
  const bodies = new BodyReader()
  const pinIn = (c: Context<AppTypes>): Promise<NewPin> =>
    bodies.read(c.var.owner, bodyOf(c), { parse: parsePin, length: Number(c.req.header('content-length') ?? 0) })
  const body = (pin: ListedPin): PinStatusBody =>
    printPinStatus({
      ...pin,
      created: new Date(pin.created).toISOString(),
      delegates: context.delegates(),
      info: { ...pin.info, ...context.progressOf(pin) },
    })

  app.onError((error) => {
    if (error instanceof BadRequestError) return refusal('BAD_REQUEST', error.message)
    if (error instanceof InsufficientFundsError) return refusal('INSUFFICIENT_FUNDS', error.message)
    if (error instanceof UnreadBodyError) return refusal(error.reason, error.message)
    if (error instanceof HTTPException) return error.getResponse()
    context.onError(error)
    const trouble = storageTrouble(error)
    if (trouble !== null) return refusal('STORAGE_UNAVAILABLE', `Nothing was changed: ${trouble}`)
    return refusal('INTERNAL_SERVER_ERROR', 'The service failed; its log says why')
  })
  app.notFound(({ req }) => refusal('NOT_FOUND', `There is no ${req.method} ${req.path}`))

  if (context.corsOrigins?.length) app.use(allowOrigins(context.corsOrigins))
  app.use(async (c, next) => {
    const token = parseBearerToken(c.req.header('authorization'))
    const owner = token === null ? null : context.ownerOf(token)
    if (owner === null) {
      const details = token === null ? 'Expected "Authorization: Bearer <token>"' : 'This token is not valid'
      return refusal('UNAUTHORIZED', details, { 'www-authenticate': 'Bearer' })
    }
    c.set('owner', owner)
    return next()
  })

  app.get('/pins', async (c) => {
    const filter = pinFilterOf(parseListQuery(new URL(c.req.url).searchParams))
    const text = await unread.make(c.var.owner, c.env?.outgoing, () => {
      const { count, results } = pins.list(c.var.owner, filter, limits.maxPageBytes)
      return JSON.stringify({ count, results: results.map(body) })
    })
    if (text === null) return refusal('TOO_MANY_REQUESTS', 'Too many lists are unread')
    return c.body(text, 200, { 'content-type': 'application/json' })
  })

  app.post('/pins', async (c) => {
    const wanted = await pinIn(c)
    assertRoom(pins.usage(c.var.owner), limits)
    const added = await whenFree(() => pins.add(c.var.owner, wanted))
    context.onAdded(added)
    return c.json(body(pins.getByKey(added.created) ?? added), 202)
  })

  app.get('/pins/:requestid', (c) => {
    const requestId = c.req.param('requestid')
    const pin = pins.get(c.var.owner, requestId)
    return pin ? c.json(body(pin)) : noSuchPin(requestId)
  })

  app.post('/pins/:requestid', async (c) => {
    const wanted = await pinIn(c)
    const requestId = c.req.param('requestid')
    const replaced = await whenFree(() => pins.replace(c.var.owner, requestId, wanted))
    if (!replaced) return noSuchPin(requestId)
    context.onRemoved(replaced.removed)
    context.onAdded(replaced.added)
    return c.json(body(pins.getByKey(replaced.added.created) ?? replaced.added), 202)
  })

  app.delete('/pins/:requestid', async (c) => {
    const requestId = c.req.param('requestid')
    const removed = await whenFree(() => pins.remove(c.var.owner, requestId))
    if (!removed) return noSuchPin(requestId)
    context.onRemoved(removed)
    return c.body(null, 202)
  })

  return app
}

function noSuchPin(requestId: string): Response {
  return refusal('NOT_FOUND', `There is no pin ${JSON.stringify(requestId)} that this token may see`)
}

/** Returns the body of a request: that of Node, or without a server that of the web's `Request`. */
function bodyOf({ env, req }: Context<AppTypes>): Readable {
  if (env?.incoming) return env.incoming
  return req.raw.body ? Readable.fromWeb(req.raw.body as ReadableStream) : Readable.from([])
}

function refusal(reason: keyof typeof STATUS_OF, details: string, headers: Record<string, string> = {}): Response {
  const waiting = reason === 'TOO_MANY_REQUESTS' ? { 'retry-after': '1' } : {}
  return Response.json(printFailure(reason, details), {
    status: STATUS_OF[reason],
    headers: { ...headers, ...waiting },
  })
}
