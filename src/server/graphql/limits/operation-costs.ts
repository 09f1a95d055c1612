import { type DocumentNode, GraphQLError, type GraphQLSchema, type OperationDefinitionNode } from 'graphql'
import { BadRequestError } from '../../../domain/errors.ts'
import { type CostEnvironment, type FieldArgs, lengthOf, MAX_ITEMS } from '../../../schema/field-cost.ts'
import { CostPlanner, noArgs, type PlannedSelection, Variables } from './cost-plan.ts'
import { type OperationCost, type OperationLimits, tooCostly } from './operation-limits.ts'

/** An operation that came before. */
interface Known {
  readonly selection: PlannedSelection
  /** Undefined until the cost is known, and for good if it depends on variables. */
  cost: OperationCost | undefined
}

/** Knows what operations cost before they run. One rule for all transports. */
export class OperationCosts {
  readonly limits: OperationLimits
  readonly #schema: GraphQLSchema
  readonly #env: CostEnvironment
  /** Entries are collected together with their document. */
  readonly #known = new WeakMap<OperationDefinitionNode, Known>()

  constructor(schema: GraphQLSchema, limits: OperationLimits, env: CostEnvironment) {
    this.#schema = schema
    this.limits = limits
    this.#env = env
  }

  /**
   * Computes the cost of a valid operation.
   *
   * @throws {GraphQLError} OPERATION_TOO_COSTLY, for an operation over a limit; BAD_REQUEST, for an argument of too many items
   */
  of(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    values: Readonly<Record<string, unknown>>,
  ): OperationCost {
    const known = this.#known.get(operation) ?? this.#plan(document, operation)
    const cost = known.cost ?? this.#count(known, values)
    checkVariables(operation, values)
    return cost
  }

  #count(known: Known, values: Readonly<Record<string, unknown>>): OperationCost {
    const variables = new Variables(values)
    const count = new CostCount(this.limits, this.#env, variables)
    count.add(known.selection, 1, noArgs, 1)
    // A cost for which no variable was read is the same with any others.
    if (!variables.areRead) known.cost = count.cost
    return count.cost
  }

  #plan(document: DocumentNode, operation: OperationDefinitionNode): Known {
    const planner = new CostPlanner(this.#schema, document, operation)
    const selection = planner.plan(operation.selectionSet, this.#schema.getRootType(operation.operation))
    const known: Known = { selection, cost: undefined }
    this.#known.set(operation, known)
    return known
  }
}

/** Adds up the cost of one operation. Ends at the first limit, so that counting costs no more than the limit allows. */
class CostCount {
  readonly #limits: OperationLimits
  readonly #env: CostEnvironment
  readonly #variables: Variables
  #depth = 0
  #requests = 0
  #fields = 0
  /** Selections that were looked at, with all fragments written out. Those that `@skip` leaves out count too. */
  #steps = 0

  constructor(limits: OperationLimits, env: CostEnvironment, variables: Variables) {
    this.#limits = limits
    this.#env = env
    this.#variables = variables
  }

  get cost(): OperationCost {
    return { depth: this.#depth, requests: this.#requests, fields: this.#fields }
  }

  /**
   * @param times number of objects from which is selected
   * @param parentArgs of the field that these objects are in
   * @param depth of the fields
   */
  add({ fields, spreads }: PlannedSelection, times: number, parentArgs: FieldArgs, depth: number): void {
    const { maxOperationDepth: maxDepth, maxOperationFields: maxFields } = this.#limits
    if (fields.length > 0 && depth > maxDepth) throw tooCostly('depth', depth, this.#limits)
    if (fields.length > 0) this.#depth = Math.max(this.#depth, depth)
    for (const { cost, args: planned, isIncluded, inner } of fields) {
      if (++this.#steps > maxFields) throw tooCostly('fields', this.#steps, this.#limits)
      if (isIncluded && !isIncluded(this.#variables)) continue
      this.#fields += times
      if (this.#fields > maxFields) throw tooCostly('fields', this.#fields, this.#limits)
      const args = planned(this.#variables)
      if (cost?.items) checkItems(args, cost.items)
      this.#requests += cost?.requests?.(args, times, this.#env) ?? 0
      if (this.#requests > this.#limits.maxOperationRequests) throw tooCostly('requests', this.#requests, this.#limits)
      if (inner) this.add(inner, times * (cost?.size?.(args, this.#env, parentArgs) ?? 1), args, depth + 1)
    }
    for (const { isIncluded, selection } of spreads) {
      if (++this.#steps > maxFields) throw tooCostly('fields', this.#steps, this.#limits)
      if (!isIncluded || isIncluded(this.#variables)) this.add(selection, times, parentArgs, depth)
    }
  }
}

/** @throws {GraphQLError} BAD_REQUEST */
function checkItems(args: FieldArgs, path: readonly [string, ...string[]]): void {
  checkCount(lengthOf(args, ...path), path.join('.'))
}

/** @throws {GraphQLError} BAD_REQUEST */
function checkCount(items: number, argument: string): void {
  if (items <= MAX_ITEMS) return
  const error = BadRequestError.of(argument, `at most ${MAX_ITEMS} items`, `${items} items`)
  throw new GraphQLError(error.message, { originalError: error })
}

/**
 * Checks each list and each map in the variables, at whatever place: hundreds of fields may have the same variable, and each looks through it.
 * In a document, its number of tokens bounds them.
 *
 * @throws {GraphQLError} BAD_REQUEST
 */
function checkVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const { variable } of variableDefinitions) {
    const { value: name } = variable.name
    const found = longListIn(values[name])
    if (found) checkCount(found.length, `${name}${found.place}`)
  }
}

/** Returns the length of a list or map that is too long in a value of JSON, and its place, such as `.status`. Undefined in the usual case. */
function longListIn(value: unknown): { readonly length: number; readonly place: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const parts = Object.values(value)
  if (parts.length > MAX_ITEMS) return { length: parts.length, place: '' }
  for (const [at, part] of parts.entries()) {
    const found = longListIn(part)
    if (!found) continue
    const step = Array.isArray(value) ? `[${at}]` : `.${Object.keys(value)[at]}`
    return { ...found, place: step + found.place }
  }
  return undefined
}
