import type { GraphQLSchema } from 'graphql'
import { builder } from './builder.ts'
import { explainEmptyText } from './explain-empty-text.ts'
import './scalars.ts'
import './node.ts'
import './service.ts'
import './pin.ts'
import './pins.ts'
import './content.ts'
import './add-pin.ts'
import './replace-pin.ts'
import './remove-pin.ts'
import './live-pins.ts'

const DESCRIPTION = `Pins at any number of IPFS pinning services. A read that fails is in \`errors\`; a change returns \`{ pin error }\`. Begin with \`services\` and \`pins\`.

Tokens are headers: \`Authorization: Bearer TOKEN\` for the default service, \`X-Pinning-Token-NAME: TOKEN\` for the service NAME. Where the gateway holds a token for a service, you need none. On a WebSocket, put the same names into \`connectionParams\`.

Subscriptions are served at the same address, over WebSockets (\`graphql-transport-ws\`) and as server-sent events (\`accept: text/event-stream\`).`

/** Creates the whole GraphQL schema. `schema.graphql` is its printed form. */
export function createSchema(): GraphQLSchema {
  const schema = builder.toSchema()
  schema.description = DESCRIPTION
  explainEmptyText(schema)
  return schema
}
