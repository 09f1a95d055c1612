import fc from 'fast-check'

/** A frame as it is sent: whole, in parts, or bytes that are no frame at all. */
export interface FuzzedFrame {
  readonly data: string | Uint8Array
  readonly isBinary: boolean
  /** Number of frames that the message is cut into. */
  readonly parts: number
  /** True: the bytes are written to the connection as they are. */
  readonly isRaw: boolean
}

const QUERIES = [
  '{ services { name } }',
  '{ pins { totalCount } }',
  'subscription { pinsChanged { kind } }',
  'subscription ($ids: [ID!]!) { pinStatusChanged(ids: $ids, until: FOREVER) { kind pinId } }',
  'subscription { a: pinsChanged { kind } b: pinsChanged { kind } }',
  'subscription ($kinds: [PinEventKind!]) { pinsChanged(kinds: $kinds, services: []) { kind } }',
  'subscription { ...F } fragment F on Subscription { pinsChanged { kind } }',
  'mutation { removePin(input: { id: "x" }) { pinId } }',
  'query ($f: PinFilter) { pins(filter: $f) { totalCount } }',
  '{ a',
  '',
  '{'.repeat(2_000),
  `{ ${'services { name } '.repeat(600)} }`,
] as const

const id = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('1', '2', '3', '__proto__', 'constructor', 'toString', 'hasOwnProperty') },
  { weight: 2, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom('', 'x'.repeat(256), 'x'.repeat(257), 'x'.repeat(20_000)) },
)
const json = fc.oneof(
  { weight: 30, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constant(nested(2_000)) },
)
const odd = fc.oneof(
  json,
  fc.constantFrom({ ids: ['x'] }, { ids: [] }, { __proto__: null, ids: 1 }, { ids: nested(50) }),
)
const payload = fc.record(
  {
    query: fc.oneof(fc.constantFrom(...QUERIES), fc.string()),
    variables: odd,
    operationName: fc.oneof(fc.constant(null), fc.string()),
    extensions: odd,
  },
  { requiredKeys: ['query'] },
)
const known = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('subscribe'), id, payload }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('complete'), id }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('ping', 'pong'), payload: fc.dictionary(fc.string(), json) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('next', 'error', 'connection_ack', 'connection_init', 'x'),
      id,
      payload: json,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('connection_init'),
      payload: fc.dictionary(fc.constantFrom('token', 'Authorization', 'x-pinning-token-one', '__proto__'), json),
    }),
  },
)

const data = fc.oneof(
  { weight: 20, arbitrary: known.map((message) => JSON.stringify(message)) },
  { weight: 1, arbitrary: json.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(70_000)) },
)

/** Random input of a client, most of it close to valid. */
export const fuzzedFrame: fc.Arbitrary<FuzzedFrame> = fc.record({
  data,
  isBinary: fc.oneof({ weight: 30, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  parts: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }) }),
  isRaw: fc.oneof({ weight: 40, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}
