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
import './subscription.ts'

/** The whole GraphQL schema. `schema.graphql` is its printed form. */
export function createSchema(): GraphQLSchema {
  const schema = builder.toSchema()
  schema.description =
    'Pins at any number of IPFS pinning services. A read that fails is in `errors`; a change returns `{ pin error }`. Begin with `services` and `pins`.'
  explainEmptyText(schema)
  return schema
}
