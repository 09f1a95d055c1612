import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql'
import type { CostEnvironment } from '../../../schema/field-cost.ts'
import type { OperationRequest } from '../operation-request.ts'
import { isLonger } from './answer-size.ts'
import { OperationCosts } from './operation-costs.ts'
import { type OperationCost, type OperationLimits, tooCostly } from './operation-limits.ts'
import { RunningLists } from './running-lists.ts'

/** An operation that is about to run. */
interface Asked extends Pick<OperationRequest, 'operationName' | 'variables'> {
  readonly document: DocumentNode
}

/** Bounds operations before they run, while they run, and after that. One rule for all transports and for each event. */
export class Limiter {
  readonly #limits: OperationLimits
  readonly #costs: OperationCosts
  readonly #lists: RunningLists

  constructor(schema: GraphQLSchema, limits: OperationLimits, env: CostEnvironment) {
    this.#limits = limits
    this.#costs = new OperationCosts(schema, limits, env)
    this.#lists = new RunningLists(limits)
    this.#lists.watch(schema)
  }

  /**
   * Computes what a valid operation costs, before it is run.
   *
   * @returns the cost; an error for an operation that must not be run; null if the document has no such operation
   */
  costOf({ document, operationName, variables }: Asked): OperationCost | GraphQLError | null {
    const operation = getOperationAST(document, operationName)
    if (!operation) return null
    try {
      return this.#costs.of(document, operation, variables ?? {})
    } catch (error) {
      if (error instanceof GraphQLError) return error
      throw error
    }
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

  /** Returns a result that may be encoded: an error in place of one that has too many fields, or would be too long. */
  fitting(result: ExecutionResult, context: object): ExecutionResult {
    const { maxAnswerBytes } = this.#limits
    const excess = this.#lists.excessOf(context)
    if (excess) return { errors: [excess], data: null }
    if (!isLonger(result.data, maxAnswerBytes)) return result
    return { errors: [tooCostly('answerBytes', maxAnswerBytes + 1, this.#limits)], data: null }
  }
}
