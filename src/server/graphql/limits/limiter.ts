import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql'
import type { CostEnvironment } from '../../../schema/field-cost.ts'
import type { Stop } from '../../../upstream/waiting/stop.ts'
import type { OperationRequest } from '../operation-request.ts'
import { isLonger } from './answer-size.ts'
import { dropUndeclared } from './drop-undeclared.ts'
import { FieldRoom } from './field-room.ts'
import { FieldTurns } from './field-turns.ts'
import { OperationCosts } from './operation-costs.ts'
import { type OperationCost, type OperationLimits, tooCostly, tooManyTogether } from './operation-limits.ts'
import { RunningLists } from './running-lists.ts'

/** Fields that take about as long as the preparation of a request to a service. */
const FIELDS_PER_REQUEST = 25

/** An operation that is about to run. */
interface Asked extends Pick<OperationRequest, 'operationName' | 'variables'> {
  readonly document: DocumentNode
}

/** Bounds operations before they run, while they run, and after that. One rule for all transports and for each event. */
export class Limiter {
  readonly #limits: OperationLimits
  readonly #costs: OperationCosts
  readonly #lists: RunningLists
  readonly #room: FieldRoom
  readonly #turns = new FieldTurns()

  /**
   * @param parts.stopIn returns what stops an operation, by its context
   * @param parts.maxFieldsTogether of all answers in the making. Default: that of {@link FieldRoom}.
   */
  constructor(
    schema: GraphQLSchema,
    limits: OperationLimits,
    parts: CostEnvironment & {
      readonly stopIn: (context: object) => Stop
      readonly maxFieldsTogether?: number | undefined
    },
  ) {
    this.#limits = limits
    this.#costs = new OperationCosts(schema, limits, parts)
    const { stopIn } = parts
    this.#room = new FieldRoom((context, maxFields) => {
      const error = tooManyTogether(maxFields)
      this.#lists.end(context, error)
      stopIn(context).abort(error)
      this.#turns.release(context)
    }, parts.maxFieldsTogether)
    this.#lists = new RunningLists(schema, limits, { room: this.#room, turns: this.#turns, stopIn })
  }

  /**
   * Computes what a valid operation costs, before it is run. Removes the variables that it does not declare.
   *
   * @returns the cost; an error for an operation that must not be run; null if the document has no such operation
   */
  costOf({ document, operationName, variables }: Asked): OperationCost | GraphQLError | null {
    const operation = getOperationAST(document, operationName)
    if (!operation) return null
    if (variables) dropUndeclared(operation, variables)
    try {
      return this.#costs.of(document, operation, variables ?? {})
    } catch (error) {
      if (error instanceof GraphQLError) return error
      throw error
    }
  }

  /**
   * Waits for a turn of the event loop in which an operation may begin that has many fields, which may all be there
   * as those of the schema, or sends many requests.
   *
   * @returns undefined in the usual case
   */
  turnFor(cost: OperationCost | null, context: object): Promise<void> | undefined {
    if (!cost) return undefined
    const fields = cost.fields + cost.requests * FIELDS_PER_REQUEST
    return this.#turns.next(context, fields, fields)
  }

  /** To be called when an operation has its answer, or has failed. */
  leave(context: object): void {
    this.#room.leave(context)
  }

  /** Shows a cost beside its limits, as `extensions.cost` of an answer. */
  shown({ requests, fields, depth }: OperationCost): Record<string, { readonly cost: number; readonly limit: number }> {
    const { maxOperationRequests, maxOperationFields, maxOperationDepth } = this.#limits
    return {
      requests: { cost: requests, limit: maxOperationRequests },
      fields: { cost: fields, limit: maxOperationFields },
      depth: { cost: depth, limit: maxOperationDepth },
    }
  }

  /**
   * Returns a result that may be encoded: an error in place of one that has too many fields, or would be too long with its errors.
   *
   * @param visible puts the errors that a client may see in place of those of a result
   */
  fitting(
    result: ExecutionResult,
    context: object,
    visible: (result: ExecutionResult) => ExecutionResult,
  ): ExecutionResult {
    const { maxAnswerBytes } = this.#limits
    const excess = this.#lists.excessOf(context)
    if (excess) return visible({ errors: [excess], data: null })
    const shown = visible(result)
    if (!isLonger(shown, maxAnswerBytes)) return shown
    return visible({ errors: [tooCostly('answerBytes', maxAnswerBytes + 1, this.#limits)], data: null })
  }
}
