import { GraphQLError } from 'graphql'
import { show } from '../domain/errors.ts'
import { builder } from './builder.ts'

// Scalars only check that a value is text. Resolvers check its content, so that a wrong CID is a `BadRequestError` of its own
// field. An error of a scalar would end the whole operation.

const TEXT_SCALARS = {
  DateTime:
    'An RFC 3339 timestamp, such as `2026-01-31T12:00:00.000Z`. Results have the text of the service, with any offset and from whole seconds to nanoseconds.',
  Multiaddr:
    'The address of a libp2p peer, such as `/ip4/203.0.113.1/tcp/4001/p2p/12D3KooW…`. Addresses that you send must end in `/p2p/{peerId}`.',
  Cursor:
    'A place in a list of pins or in a stream of events. It is opaque: take it from a result, and pass it as `after`.',
} as const

for (const [name, description] of Object.entries(TEXT_SCALARS)) {
  builder.scalarType(name as keyof typeof TEXT_SCALARS, {
    description,
    serialize: String,
    parseValue: (value) => textOf(name, value),
  })
}

builder.scalarType('CID', {
  description:
    'A content identifier (CID) of any version, base, codec and hash function, such as `bafybei…` or `Qm…`. Results have the text of the service; two texts of the same content are taken as equal.',
  serialize: ({ text }) => text,
  parseValue: (value) => textOf('CID', value),
})

builder.scalarType('StringMap', {
  description: 'A JSON object with strings as values and at most 999 entries, such as `{ app: "blog" }`.',
  serialize: (value) => value,
  parseValue: (value) => value,
})

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw new GraphQLError(`${name}: expected a string, got ${show(value)}`)
}
