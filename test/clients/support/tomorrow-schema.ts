import {
  extendSchema,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  GraphQLString,
  parse,
} from 'graphql'
import { parseCid } from '../../../src/domain/cid.ts'
import { type ErrorCode, PinqlError } from '../../../src/domain/errors.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import type { LiveEvent } from '../../../src/live/live-event.ts'
import type { LiveReader } from '../../../src/live/live-reader.ts'
import { newPinResult } from '../../../src/resolvers/new-pin-result.ts'
import { createSchema } from '../../../src/schema/schema.ts'

const ADDITIONS = `
  extend enum PinEventKind { ARCHIVED }
  extend type Pin { region: String }
`

class QuotaExceededError extends PinqlError {
  override readonly name = 'QuotaExceededError'
  readonly code = 'QUOTA_EXCEEDED' as ErrorCode
  readonly service = 'local'
}

const ARCHIVED_PIN: Pin = {
  service: 'local',
  requestId: 'archived',
  cid: parseCid('bafkqablimvwgy3y'),
  name: 'archived',
  status: 'pinned',
  created: parseInstant('2026-01-01T00:00:00.000Z'),
  origins: [],
  meta: {},
  delegates: [],
  info: {},
}

/**
 * Returns pinql's schema as a later version may have it, with one more event kind, error code, field and argument.
 *
 * - Every subscription gets an event `ARCHIVED` from its source. `LiveReader` keeps it back from subscriptions that do not
 *   name the kind, as it does with any kind.
 * - `addPin` of the name "over quota" and `pin(requestId: "over-quota")` fail with `QUOTA_EXCEEDED`.
 * - `Pin.region` is "eu" for each pin.
 * - `pins(order:)` is accepted and has no effect.
 */
export function createTomorrowSchema(): GraphQLSchema {
  const schema = extendSchema(createSchema(), parse(ADDITIONS))
  fieldOf(schema, 'Pin', 'region').resolve = () => 'eu'

  const pins = fieldOf(schema, 'Query', 'pins')
  const order = { name: 'order', type: GraphQLString, description: null, defaultValue: undefined }
  pins.args = [...pins.args, { ...order, deprecationReason: null, extensions: {}, astNode: null }]

  intercept(fieldOf(schema, 'Query', 'pin'), ({ requestId }) => {
    if (requestId === 'over-quota') throw new QuotaExceededError('The quota is used up')
  })
  intercept(fieldOf(schema, 'Mutation', 'addPin'), ({ input }) => {
    const { name } = input as { name?: string | null }
    return name === 'over quota' ? newPinResult(new QuotaExceededError('The quota is used up'), 'key') : undefined
  })

  addArchivedEvents(fieldOf(schema, 'Subscription', 'pinStatusChanged'))
  addArchivedEvents(fieldOf(schema, 'Subscription', 'pinsChanged'))
  return schema
}

function fieldOf(schema: GraphQLSchema, typeName: string, fieldName: string): GraphQLField<unknown, unknown> {
  const type = schema.getType(typeName)
  const field = type && 'getFields' in type ? type.getFields()[fieldName] : undefined
  if (!field || !('args' in field)) throw new Error(`expected the field ${typeName}.${fieldName} in the schema`)
  return field
}

/** Lets `before` throw or answer first. Where it returns undefined, the field resolves as it did. */
function intercept(field: GraphQLField<unknown, unknown>, before: (args: Record<string, unknown>) => unknown): void {
  const resolve = field.resolve as GraphQLFieldResolver<unknown, unknown>
  field.resolve = (source, args, context, info) => before(args) ?? resolve(source, args, context, info)
}

function addArchivedEvents(field: GraphQLField<unknown, unknown>): void {
  const subscribe = field.subscribe as GraphQLFieldResolver<unknown, unknown>
  field.subscribe = async (source, args, context, info) => {
    const reader = (await subscribe(source, args, context, info)) as LiveReader
    const place = { service: 'local', seq: 0, cursor: 'archived', observedAt: Date.now() }
    // LiveEvent is a union of today's kinds.
    reader.push({ ...place, kind: 'ARCHIVED', pin: ARCHIVED_PIN } as unknown as LiveEvent)
    return reader
  }
}
