import {
  type FieldNode,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import type { FieldCost } from '../../../schema/field-cost.ts'
import { giveWay } from '../../../upstream/waiting/give-way.ts'
import { type OperationLimits, tooCostly } from './operation-limits.ts'

/** Fields under one element of a list are counted up to here. */
const MOST_FIELDS = 5_000
/** Milliseconds that it takes to make one field of an answer, about. */
const MS_PER_FIELD = 0.004

/**
 * Counts the elements of lists whose length nobody knows before an operation runs, such as the pins of one CID.
 *
 * Each element counts with all fields that are selected below it. Once the fields of an operation are over the limit, each further
 * list of it is empty, so that a list in a list in a list cannot multiply, and neither can errors: each would take as long as dozens of
 * fields. The result is of no use then, and {@link excessOf} has the error to send in its place.
 */
export class OpenLists {
  readonly #limits: OperationLimits
  /** Fields of operations that run, by their contexts. */
  readonly #counts = new WeakMap<object, { fields: number; error: GraphQLError | undefined }>()
  readonly #fieldsBelow = new WeakMap<FieldNode, number>()

  constructor(limits: OperationLimits) {
    this.#limits = limits
  }

  /** Makes the fields of a schema count that are marked with `isOpen`. */
  watch(schema: GraphQLSchema): void {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type)) continue
      for (const [name, field] of Object.entries(type.getFields())) {
        const { isOpen } = (field.extensions.cost ?? {}) as FieldCost
        if (isOpen) field.resolve = this.#counting(field.resolve ?? ((source) => source[name]))
      }
    }
  }

  /** Returns the error of an operation whose open lists had too many fields, by its context. */
  excessOf(context: object): GraphQLError | undefined {
    return this.#counts.get(context)?.error
  }

  #counting<Source, Context>(resolve: GraphQLFieldResolver<Source, Context>): GraphQLFieldResolver<Source, Context> {
    return async (source, args, context, info) => {
      const elements: unknown = await resolve(source, args, context, info)
      if (!Array.isArray(elements)) return elements
      const fields = this.#count(context as object, elements.length, info)
      if (fields === null) return []
      // What graphql-js makes of thousands of lists that are all there would otherwise be one long turn of the event loop.
      await giveWay(fields * MS_PER_FIELD)
      return elements
    }
  }

  /** Counts the elements of a list. Returns the number of their fields, or null if those of the operation are too many. */
  #count(context: object, elements: number, info: GraphQLResolveInfo): number | null {
    const count = this.#counts.get(context) ?? { fields: 0, error: undefined }
    this.#counts.set(context, count)
    if (count.error) return null
    let fields = 0
    for (const node of info.fieldNodes) fields += elements * this.#below(node, info)
    count.fields += fields
    if (count.fields <= this.#limits.maxOperationFields) return fields
    count.error = tooCostly('fields', count.fields, this.#limits)
    return null
  }

  #below(node: FieldNode, info: GraphQLResolveInfo): number {
    const known = this.#fieldsBelow.get(node)
    if (known !== undefined) return known
    const fields = node.selectionSet ? countFields(node.selectionSet, info.fragments, MOST_FIELDS) : 0
    this.#fieldsBelow.set(node, fields)
    return fields
  }
}

/** Counts the fields of a selection set at all levels, with all fragments written out, up to `most`. */
function countFields(
  { selections }: SelectionSetNode,
  fragments: GraphQLResolveInfo['fragments'],
  most: number,
): number {
  let fields = 0
  for (const selection of selections) {
    if (fields >= most) return most
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD
    const inner = isSpread ? fragments[selection.name.value]?.selectionSet : selection.selectionSet
    fields += (selection.kind === Kind.FIELD ? 1 : 0) + (inner ? countFields(inner, fragments, most - fields) : 0)
  }
  return Math.min(fields, most)
}
