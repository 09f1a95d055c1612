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
import { type FieldCost, lengthOf } from '../../../schema/field-cost.ts'
import { giveWay } from '../../../upstream/waiting/give-way.ts'
import { type OperationLimits, tooCostly } from './operation-limits.ts'

/** Fields under one element of a list are counted up to here. */
const MOST_FIELDS = 5_000
/** Milliseconds that it takes to make one field of an answer, about. */
const MS_PER_FIELD = 0.004
/** Milliseconds that it takes to refuse one item of a list argument, about. */
const MS_PER_ITEM = 0.02

/** Fields that take about as long as an error of an element, which is made three times on its way to the client. */
const FIELDS_PER_ERROR = 100

/**
 * Counts the elements of lists whose length is known only when an operation runs, such as the pins of one CID, and failures of elements.
 *
 * Each element counts with all fields that are selected below it, and each failure as 100 fields. Once an operation is over the limit,
 * each further list of it is empty, so that neither lists in lists nor errors can multiply. The result is of no use then, and
 * {@link excessOf} has the error to send in its place.
 */
export class RunningLists {
  readonly #limits: OperationLimits
  /** Fields of operations that run, by their contexts. */
  readonly #counts = new WeakMap<object, { fields: number; error: GraphQLError | undefined }>()
  readonly #fieldsBelow = new WeakMap<FieldNode, number>()

  constructor(limits: OperationLimits) {
    this.#limits = limits
  }

  /** Makes the fields of a schema count that are marked with `isOpen`, or have a list argument. */
  watch(schema: GraphQLSchema): void {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type)) continue
      for (const [name, field] of Object.entries(type.getFields())) {
        const cost = (field.extensions.cost ?? {}) as FieldCost
        const resolve = field.resolve ?? ((source) => source[name])
        if (cost.isOpen || cost.items) field.resolve = this.#counting(resolve, cost)
      }
    }
  }

  /** Returns the error of an operation that was over the limit while it ran, by its context. */
  excessOf(context: object): GraphQLError | undefined {
    return this.#counts.get(context)?.error
  }

  #counting<Source, Context>(
    resolve: GraphQLFieldResolver<Source, Context>,
    { isOpen, items }: FieldCost,
  ): GraphQLFieldResolver<Source, Context> {
    return async (source, args, context, info) => {
      if (items) await giveWay(lengthOf((name) => args[name], ...items) * MS_PER_ITEM)
      let elements: unknown
      try {
        elements = await resolve(source, args, context, info)
      } catch (error) {
        if (this.#isOver(context as object, FIELDS_PER_ERROR)) return null
        throw error
      }
      if (!Array.isArray(elements)) return elements
      let fields = FIELDS_PER_ERROR * elements.filter((each) => each instanceof Error).length
      if (isOpen) for (const node of info.fieldNodes) fields += elements.length * this.#below(node, info)
      if (this.#isOver(context as object, fields)) return []
      // What GraphQL makes of thousands of lists that are all there would otherwise be one long turn of the event loop.
      await giveWay(fields * MS_PER_FIELD)
      return elements
    }
  }

  /** Counts fields. Returns true if those of the operation are too many. */
  #isOver(context: object, fields: number): boolean {
    const count = this.#counts.get(context) ?? { fields: 0, error: undefined }
    this.#counts.set(context, count)
    count.fields += fields
    if (!count.error && count.fields > this.#limits.maxOperationFields)
      count.error = tooCostly('fields', count.fields, this.#limits)
    return count.error !== undefined
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
