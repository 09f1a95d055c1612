import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from 'graphql'
import type { Informers } from '../../live/informers.ts'
import type { LiveEvent } from '../../live/live-event.ts'
import type { LiveReader } from '../../live/live-reader.ts'
import type { Logger } from '../../observability/logger.ts'
import type { ConfiguredServices } from '../../resolvers/configured-services.ts'
import { type CallerTokens, createContext, type GatewayContext } from '../../resolvers/context.ts'
import { Stop, type StopSignal } from '../../upstream/waiting/stop.ts'
import type { Caller } from '../caller/caller.ts'
import { AskingOperation } from './asking-operation.ts'
import { visibleErrors } from './client-error.ts'
import { CompiledOperations, MAX_VARIABLE_ERRORS } from './compiled-operations.ts'
import { Documents, type ShownOfSchema } from './documents.ts'
import { Limiter } from './limits/limiter.ts'
import type { OperationLimits } from './limits/operation-limits.ts'
import { refuseNullConditions } from './null-conditions.ts'
import type { OperationRequest } from './operation-request.ts'
import { requestTimeoutError } from './request-timeout-error.ts'

export interface ExecutorOptions {
  readonly schema: GraphQLSchema
  readonly registry: ConfiguredServices
  readonly live: Informers
  /** Milliseconds that a query or mutation may take. */
  readonly requestTimeoutMs: number
  readonly limits: OperationLimits
  /** The parts of the schema that clients are shown. Default: everything. */
  readonly shown?: ShownOfSchema
  /** Maximum fields of all answers in the making. Default: as much as a heap of 2 GB has room for. */
  readonly maxFieldsTogether?: number | undefined
  /** Clock of the services. With it, upstream calls know when their operation ends. Default: they do not. */
  readonly clock?: { now(): number } | undefined
  readonly log: Logger
}

/** One run of an operation. */
export interface Run extends Omit<OperationRequest, 'query'> {
  readonly document: DocumentNode
  readonly caller: CallerTokens & Pick<Caller, 'key'>
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /** The client's address, by which limits count: see `ClientAddresses`. Default: nobody knows it. */
  readonly address?: string | undefined
}

/** Options of one run. */
export interface RunOptions {
  /** Aborted when the client has gone away. */
  readonly signal: StopSignal
  /** True: errors have `extensions.http`, from which Yoga derives the status. Default false. */
  readonly isForYoga?: boolean
}

/**
 * Runs GraphQL operations of all transports: HTTP, event stream and WebSocket. Makes their context, keeps their deadline, and
 * masks their errors. Nothing else does.
 */
export class Executor {
  readonly schema: GraphQLSchema
  readonly documents: Documents
  readonly #compiled: CompiledOperations
  readonly #limiter: Limiter
  readonly #options: ExecutorOptions

  constructor(options: ExecutorOptions) {
    this.schema = options.schema
    const { schema, limits, registry } = options
    this.documents = new Documents(schema, { maxBytes: limits.maxDocumentBytes, shown: options.shown })
    this.#limiter = new Limiter(schema, limits, {
      services: registry.services.length,
      maxFieldsTogether: options.maxFieldsTogether,
      stopIn: (context) => stopIn(context as GatewayContext),
    })
    this.#compiled = new CompiledOperations(options.schema, (document, bytes) =>
      this.documents.keepMore(document, bytes),
    )
    this.#options = options
  }

  /** Runs a query or mutation, for `requestTimeoutMs` at most. */
  run(run: Run, options: RunOptions): Promise<ExecutionResult> {
    return this.#run(run, options, (result) => result)
  }

  /**
   * Runs a query or mutation as `run` does, and encodes its result.
   *
   * Many promises refer to the result, and most of them are so old that only a full garbage collection frees them. So the
   * lists in the result, and those that were read for it, are emptied once the result is encoded.
   * docs/decisions/0015-letting-go.md has the figures.
   *
   * @param encode must not keep any part of the result
   */
  answer<Encoded>(run: Run, options: RunOptions, encode: (result: ExecutionResult) => Encoded): Promise<Encoded> {
    return this.#run(run, options, (result, context) => {
      const encoded = encode(result)
      takeApart(result.data)
      context.emptyLists()
      return encoded
    })
  }

  async #run<Value>(
    run: Run,
    { signal, isForYoga = false }: RunOptions,
    use: (result: ExecutionResult, context: GatewayContext) => Value,
  ): Promise<Value> {
    const { requestTimeoutMs } = this.#options
    const deadline = stopOf(run, this.#span())
    const unfollow = deadline.follow(signal)
    const timer = setTimeout(() => deadline.abort(requestTimeoutError(requestTimeoutMs)), requestTimeoutMs)
    const context = this.#contextOf(run, deadline)
    try {
      const cost = this.#limiter.costOf(run)
      const turn = cost instanceof GraphQLError ? undefined : this.#limiter.turnFor(cost, context)
      if (turn !== undefined) await turn
      const visible = (result: ExecutionResult): ExecutionResult =>
        this.#shown(result, run.requestId, { isAborted: signal.aborted, isForYoga })
      const shown =
        cost instanceof GraphQLError
          ? visible({ errors: [cost] })
          : this.#limiter.fitting(await this.#execute(run, context), context, visible)
      // A failed field that must not be null makes its parents null. The requests for their other fields are useless then.
      if (shown.errors) deadline.abort()
      return use(
        run.wantsCost && cost && !(cost instanceof GraphQLError)
          ? { ...shown, extensions: { cost: this.#limiter.shown(cost) } }
          : shown,
        context,
      )
    } finally {
      clearTimeout(timer)
      unfollow()
      this.#limiter.leave(context)
    }
  }

  /**
   * Begins a subscription. Its reader gets all events from now on.
   *
   * @returns the reader. If the subscription could not begin, a result with the errors.
   */
  async subscribe(run: Run): Promise<LiveReader | ExecutionResult> {
    const cost = this.#limiter.costOf(run)
    if (cost instanceof GraphQLError) return this.#shown({ errors: [cost] }, run.requestId)
    const context = this.#contextOf(run, stopOf(run))
    const source = await createSourceEventStream(this.#argsOf(run, context))
    if (Symbol.asyncIterator in source) return source as LiveReader
    return this.#shown(source, run.requestId)
  }

  /**
   * Executes one event. Each event gets new loaders, since a loader would return the pins of an earlier event. It is never
   * aborted: other subscribers may share the result.
   */
  async resolveEvent(run: Run, event: LiveEvent): Promise<ExecutionResult> {
    const context = this.#contextOf(run, stopOf(run))
    try {
      const result = await this.#execute(run, context, event)
      if (result.errors) stopIn(context).abort()
      return this.#limiter.fitting(result, context, (each) => this.#shown(each, run.requestId))
    } finally {
      this.#limiter.leave(context)
    }
  }

  /** Returns the errors that a client may see when this one has ended its operation. Bugs are masked and logged. */
  visible(error: unknown, requestId: string, options: { isForYoga?: boolean } = {}): readonly GraphQLError[] {
    const errors = Array.isArray(error) ? error : error instanceof AggregateError ? error.errors : [error]
    const { log, shown } = this.#options
    return visibleErrors(errors, {
      requestId,
      isAborted: false,
      log,
      showsSuggestions: shown?.suggestions ?? true,
      ...options,
    })
  }

  /** Returns when an operation begins that begins now, and when it ends at the latest. */
  #span(): { since: number; endsAt: number } | undefined {
    const { clock, requestTimeoutMs } = this.#options
    if (!clock) return undefined
    const since = clock.now()
    return { since, endsAt: since + requestTimeoutMs }
  }

  #execute(run: Run, context: GatewayContext, rootValue?: unknown): ExecutionResult | Promise<ExecutionResult> {
    const operation = getOperationAST(run.document, run.operationName)
    // The result is the same either way: test/contract/compiled-operations.test.ts.
    const compiled = operation && this.#compiled.find(run.document, operation)
    if (compiled) return compiled(rootValue, context, run.variables ?? {})
    const refusal = operation && refuseNullConditions(run.document, operation, run.variables ?? {})
    if (refusal) return refusal
    return execute({ ...this.#argsOf(run, context), rootValue })
  }

  #shown(
    result: ExecutionResult,
    requestId: string,
    options: { isAborted?: boolean; isForYoga?: boolean } = {},
  ): ExecutionResult {
    if (!result.errors) return result
    const { isAborted = false, isForYoga = false } = options
    const { log, shown } = this.#options
    const showsSuggestions = shown?.suggestions ?? true
    const errors = visibleErrors(result.errors, { requestId, isAborted, isForYoga, showsSuggestions, log })
    return { ...result, errors }
  }

  #contextOf({ caller, requestId, address }: Run, signal: StopSignal): GatewayContext {
    const { registry, live, log } = this.#options
    return createContext(registry, live, { caller, signal, requestId, network: address, log })
  }

  #argsOf({ document, variables, operationName }: Run, contextValue: GatewayContext) {
    const { schema } = this.#options
    return {
      schema,
      document,
      contextValue,
      variableValues: variables ?? {},
      operationName: operationName ?? null,
      options: { maxCoercionErrors: MAX_VARIABLE_ERRORS },
    }
  }
}

function stopOf({ requestId, caller }: Run, span?: { readonly since: number; readonly endsAt: number }): Stop {
  return new Stop(new AskingOperation(requestId, caller, span))
}

/** Returns what stops an operation. Every context has one: see `Executor`. */
function stopIn({ signal }: GatewayContext): Stop {
  return signal as Stop
}

/** Empties the lists in a result. No scalar of the schema has lists in it, so no list is shared with others. */
function takeApart(value: unknown): void {
  if (Array.isArray(value)) value.length = 0
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) takeApart(each)
}

/** True if a subscription has begun. */
export function isLiveReader(source: LiveReader | ExecutionResult): source is LiveReader {
  return Symbol.asyncIterator in source
}

/** Encodes a result as JSON. */
export function encodeResult(result: ExecutionResult): Buffer {
  return Buffer.from(JSON.stringify(result))
}
