import { createHash } from 'node:crypto'
import { type ExecutionResult, type GraphQLError, type OperationDefinitionNode, OperationTypeNode } from 'graphql'
import { coalesceKey, type LiveEvent } from '../../live/live-event.ts'
import type { LiveReader } from '../../live/live-reader.ts'
import { Stop } from '../../upstream/waiting/stop.ts'
import type { IdentifiedCaller } from '../caller/caller.ts'
import type { LiveFeed } from './cohort.ts'
import { Cohorts, type Place } from './cohorts.ts'
import { type Executor, encodeResult, isLiveReader, type Run } from './executor.ts'
import type { Message, Subscriber } from './message.ts'
import { canonicalRequest, type OperationRequest } from './operation-request.ts'
import { resumeAt } from './resume-at.ts'

/** The caller of an operation, and the request id under which it is logged. */
export interface Requester {
  readonly caller: IdentifiedCaller
  readonly requestId: string
  /** The client's address, by which limits count: see `ClientAddresses`. */
  readonly address: string
}

/** An operation in flight. */
export interface RunningOperation {
  /** Null when the operation failed before its type was known. */
  readonly type: OperationTypeNode | null
  /** Stops the operation. Its subscriber gets nothing more. */
  cancel(): void
}

interface Prepared {
  readonly run: Run
  readonly operation: OperationDefinitionNode
  readonly request: OperationRequest
  readonly caller: IdentifiedCaller
}

/** Starts operations for subscribers, who get one result or many. Equal subscriptions share their results. */
export class Operations {
  readonly #executor: Executor
  readonly #cohorts = new Cohorts()

  constructor(executor: Executor) {
    this.#executor = executor
  }

  /** Number of cohorts of equal subscriptions. */
  get cohorts(): number {
    return this.#cohorts.size
  }

  /**
   * Starts an operation. The subscriber gets its results and errors, mistakes in the request included. It gets the first one
   * after `start` has returned, and `start` does not throw.
   *
   * @param options.isReadOnly refuses mutations, for transports that any web page can use
   * @param options.lastCursor cursor of the last message that the client has got, if it resumes. An invalid one is ignored.
   */
  start(
    request: OperationRequest,
    requester: Requester,
    subscriber: Subscriber,
    options: { isReadOnly?: boolean; lastCursor?: string | null } = {},
  ): RunningOperation {
    const fail = (error: unknown): void => subscriber.fail(error)
    try {
      const prepared = this.#prepare(request, requester, options)
      const type = prepared.operation.operation
      if (type === 'subscription') {
        const running = new RunningSubscription()
        this.#subscribe(prepared, subscriber, running, options.lastCursor ?? null).catch(fail)
        return running
      }
      const running = new RunningOnce(type)
      this.#runOnce(prepared, subscriber, running).catch(fail)
      return running
    } catch (error) {
      queueMicrotask(() => fail(error))
      return new RunningOnce(null)
    }
  }

  /** Returns the type of the operation that a request asks for. Null for an invalid request. */
  typeOf(request: OperationRequest): OperationTypeNode | null {
    try {
      return this.#executor.documents.prepare(request).operation.operation
    } catch {
      return null
    }
  }

  /** Returns the errors that a client may see when this one has ended its operation. Bugs are masked and logged. */
  visible(error: unknown, requestId: string): readonly GraphQLError[] {
    return this.#executor.visible(error, requestId)
  }

  #prepare(
    request: OperationRequest,
    { caller, requestId, address }: Requester,
    options: { readonly isReadOnly?: boolean },
  ): Prepared {
    const { document, operation } = this.#executor.documents.prepare(request, options)
    const { variables, wantsCost } = request
    const operationName = request.operationName || null
    const run = { document, variables, operationName, wantsCost, caller, requestId, address }
    return { run, operation, request, caller }
  }

  async #runOnce({ run }: Prepared, subscriber: Subscriber, { signal }: RunningOnce): Promise<void> {
    finish(subscriber, await this.#executor.answer(run, { signal }, encodeResult))
  }

  async #subscribe(
    { run, operation, request, caller }: Prepared,
    subscriber: Subscriber,
    running: RunningSubscription,
    lastCursor: string | null,
  ): Promise<void> {
    // Before the subscription begins, since the key of deeply nested variables throws.
    const key = createHash('sha256')
      .update(`${caller.sharingKey}\n${canonicalRequest(request)}`)
      .digest('base64')
    let source: LiveReader | ExecutionResult | null = null
    if (lastCursor !== null) {
      const resumed = { ...run, document: resumeAt(run.document, operation, lastCursor) }
      source = await this.#executor.subscribe(resumed).catch(() => null)
    }
    if (!source || !isLiveReader(source)) source = await this.#executor.subscribe(run)
    if (!isLiveReader(source)) {
      // The reference server of graphql-ws sends these errors as a result. A message `error` means that nothing was executed.
      finish(subscriber, encodeResult(source))
      return
    }
    if (running.isCancelled) {
      await source.return()
      return
    }
    running.place = this.#cohorts.join(key, new ExecutedFeed(source, run, this.#executor), subscriber)
  }
}

/** A query or mutation in flight, or an operation that failed before its type was known. */
class RunningOnce implements RunningOperation {
  readonly type: OperationTypeNode | null
  readonly signal = new Stop()

  constructor(type: OperationTypeNode | null) {
    this.type = type
  }

  cancel(): void {
    this.signal.abort()
  }
}

/** A subscription in flight. There may be one per pin on each socket, so it holds its place and nothing else. */
class RunningSubscription implements RunningOperation {
  /** Null until the subscription has begun. */
  place: Place | null = null
  #isCancelled = false

  get type(): OperationTypeNode {
    return OperationTypeNode.SUBSCRIPTION
  }

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  cancel(): void {
    this.#isCancelled = true
    this.place?.leave()
    this.place = null
  }
}

/** Events of a subscription, each executed with its operation. */
class ExecutedFeed implements LiveFeed {
  readonly source: LiveReader
  readonly #run: Run
  readonly #executor: Executor

  constructor(source: LiveReader, run: Run, executor: Executor) {
    this.source = source
    this.#run = run
    this.#executor = executor
  }

  async render(event: LiveEvent): Promise<Message> {
    const result = await this.#executor.resolveEvent(this.#run, event)
    // A client that resumed in the middle of a snapshot would miss the rest of it.
    const isMidway = event.kind === 'SNAPSHOT' && event.remaining > 0
    return { payload: encodeResult(result), key: coalesceKey(event), cursor: isMidway ? null : event.cursor }
  }
}

/** Sends the only result of an operation. */
function finish(subscriber: Subscriber, payload: Buffer): void {
  subscriber.next({ payload, key: null, cursor: null })
  subscriber.complete()
}
