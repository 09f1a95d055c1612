import {
  type FieldNode,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import { type FieldCost, lengthOf } from '../../../schema/field-cost.ts'
import { giveWay } from '../../../upstream/waiting/give-way.ts'
import type { Stop } from '../../../upstream/waiting/stop.ts'
import type { FieldRoom } from './field-room.ts'
import type { FieldTurns } from './field-turns.ts'
import { OpenTexts } from './open-texts.ts'
import { type OperationLimits, tooCostly } from './operation-limits.ts'

/** Fields under one element of a list are counted up to here. */
const MOST_FIELDS = 5_000
/** Milliseconds that it takes to make one field under an open list, about, with the lists that it begins. */
const MS_PER_OPEN_FIELD = 0.004
/** Milliseconds that it takes to refuse one item of a list argument, about. */
const MS_PER_ITEM = 0.02

/** Fields that take about as long as an error of an element, which is made three times on its way to the client. */
const FIELDS_PER_ERROR = 100
/**
 * Fields of small lists, of whatever operations, that count for the operation with the last of them: to look each up would cost too much. Once
 * they are no reason to wait.
 */
const FIELDS_OF_SMALL_LISTS = 999

/** Number of fields that were counted of one operation. */
interface Count {
  /** Fields that count towards the limit. */
  fields: number
  /** Fields of all lists. */
  made: number
  error: GraphQLError | undefined
}

interface RunningParts {
  /** Gets the fields that are made. */
  readonly room: FieldRoom
  /** Lets long lists wait. */
  readonly turns: FieldTurns
  /** Returns what stops an operation, by its context. */
  readonly stopIn: (context: object) => Stop
}

/**
 * Counts the elements of lists whose length is known only when an operation runs, such as the pins of one CID, and failures of elements.
 *
 * Each element counts with all fields that are selected below it, and each failure as 100 fields. Once an operation is over the limit,
 * each further list of it is empty, so that neither lists in lists nor errors can multiply. The result is of no use then, and
 * {@link excessOf} has the error to send in its place. Lists of texts in objects, such as the origins of pins, count with their objects.
 */
export class RunningLists {
  readonly #limits: OperationLimits
  readonly #parts: RunningParts
  readonly #texts: OpenTexts
  /** Fields of operations that run, by their contexts. */
  readonly #counts = new WeakMap<object, Count>()
  readonly #fieldsBelow = new WeakMap<FieldNode, number>()
  /** Fields of small lists that count for no operation yet. */
  #ofSmallLists = 0

  /**
   * @param schema these of its fields count from now on: lists that are marked with `isOpen` or `size`, fields with a list argument, and
   *   objects that may have open lists of texts
   */
  constructor(schema: GraphQLSchema, limits: OperationLimits, parts: RunningParts) {
    this.#limits = limits
    this.#parts = parts
    this.#texts = new OpenTexts(schema)
    this.#watch(schema)
  }

  #watch(schema: GraphQLSchema): void {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type)) continue
      for (const [name, field] of Object.entries(type.getFields())) {
        const cost = (field.extensions.cost ?? {}) as FieldCost
        const resolve = field.resolve ?? ((source) => source[name])
        const named = getNamedType(field.type)
        if (isLeafType(named)) continue
        if (cost.isOpen || cost.items) field.resolve = this.#counting(resolve, cost)
        else if (cost.size || this.#texts.mayBeIn(named)) field.resolve = this.#inTurn(resolve)
      }
    }
  }

  /** Returns the error of an operation that was over the limit while it ran, by its context. */
  excessOf(context: object): GraphQLError | undefined {
    return this.#counts.get(context)?.error
  }

  /** Ends an operation with an error: from now on, its lists are empty. */
  end(context: object, error: GraphQLError): void {
    const count = this.#countOf(context)
    count.error ??= error
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
      const failed = FIELDS_PER_ERROR * elements.filter((each) => each instanceof Error).length
      const uncounted = failed + this.#texts.countIn(elements, info)
      const fields = this.#fieldsOf(elements, info)
      // Those of a list with a known length were counted before the operation ran.
      if (this.#isOver(context as object, isOpen ? uncounted + fields : uncounted)) return []
      if (!isOpen) await this.#turnFor(context as object, uncounted + fields)
      else {
        // Each list waits, however small: lists in lists are counted before many more of them begin.
        await giveWay((uncounted + fields) * MS_PER_OPEN_FIELD)
        this.#take(context as object, uncounted + fields)
      }
      return elements
    }
  }

  /**
   * Lets objects wait for their turn whose number was known before the operation ran. Counts the texts in them. In the usual case, nothing
   * waits.
   */
  #inTurn<Source, Context>(resolve: GraphQLFieldResolver<Source, Context>): GraphQLFieldResolver<Source, Context> {
    const wait = (value: unknown, context: object, info: GraphQLResolveInfo): unknown => {
      const isList = Array.isArray(value)
      const texts = this.#texts.countIn(isList ? value : [value], info)
      if (texts > 0 && this.#isOver(context, texts)) return isList ? [] : null
      const fields = isList ? texts + this.#fieldsOf(value, info) : texts
      const turn = fields === 0 ? undefined : this.#turnFor(context, fields)
      return turn === undefined ? value : turn.then(() => value)
    }
    return (source, args, context, info) => {
      const value = resolve(source, args, context, info)
      return value instanceof Promise
        ? value.then((each) => wait(each, context as object, info))
        : wait(value, context as object, info)
    }
  }

  /**
   * Waits for a turn of the event loop in which GraphQL makes the fields of a list: those of thousands of lists that are all there would
   * otherwise be one long turn.
   */
  #turnFor(context: object, fieldsOfList: number): Promise<void> | undefined {
    if (fieldsOfList < FIELDS_OF_SMALL_LISTS) {
      this.#ofSmallLists += fieldsOfList
      if (this.#ofSmallLists < FIELDS_OF_SMALL_LISTS) return undefined
      this.#ofSmallLists = 0
    }
    const fields = Math.max(fieldsOfList, FIELDS_OF_SMALL_LISTS)
    const count = this.#countOf(context)
    count.made += fields
    const turn = this.#parts.turns.next(context, fields, count.made)
    if (turn === undefined) {
      this.#take(context, fields)
      return undefined
    }
    return turn.then(() => {
      // Whoever has gone away, or waited for too long, needs no fields.
      this.#parts.stopIn(context).throwIfAborted()
      this.#take(context, fields)
    })
  }

  /** Takes room for fields, unless the operation has ended. Its fields are dropped soon, and nobody would free their room. */
  #take(context: object, fields: number): void {
    if (!this.#parts.stopIn(context).aborted) this.#parts.room.take(context, fields)
  }

  #fieldsOf(elements: readonly unknown[], info: GraphQLResolveInfo): number {
    let fields = 0
    for (const node of info.fieldNodes) fields += elements.length * this.#below(node, info)
    return fields
  }

  /** Counts fields. Returns true if those of the operation are too many. */
  #isOver(context: object, fields: number): boolean {
    const count = this.#countOf(context)
    count.fields += fields
    if (!count.error && count.fields > this.#limits.maxOperationFields)
      count.error = tooCostly('fields', count.fields, this.#limits)
    return count.error !== undefined
  }

  #countOf(context: object): Count {
    let count = this.#counts.get(context)
    if (!count) {
      count = { fields: 0, made: 0, error: undefined }
      this.#counts.set(context, count)
    }
    return count
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
