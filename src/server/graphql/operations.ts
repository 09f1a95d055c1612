import { createHash } from 'node:crypto'
import { type ExecutionResult, type GraphQLError, type OperationDefinitionNode, OperationTypeNode } from 'graphql'
import { coalesceKey, type LiveEvent } from '../../live/live-event.ts'
import type { LiveReader } from '../../live/live-reader.ts'
import { Stop } from '../../upstream/stop.ts'
import type { IdentifiedCaller } from '../caller/caller.ts'
import type { LiveStream } from './cohort.ts'
import { Cohorts, type Place } from './cohorts.ts'
import { type Executor, encodeResult, isLiveReader, type Run } from './executor.ts'
import type { Message, Subscriber } from './message.ts'
import { canonicalRequest, type OperationRequest } from './operation-request.ts'
import { resumeAt } from './resume-at.ts'

/** Who asks, and under which name it is logged. */
export interface Requester {
  readonly caller: IdentifiedCaller
  readonly requestId: string
}

/** An operation under way. */
export interface RunningOperation {
  /** Null when it has failed before that was clear. */
  readonly type: OperationTypeNode | null
  /** Stops it; its subscriber hears nothing more. */
  cancel(): void
}

interface Prepared {
  readonly run: Run
  readonly operation: OperationDefinitionNode
  readonly request: OperationRequest
  readonly caller: IdentifiedCaller
}

/** Runs GraphQL operations for subscribers, who get one result or many; equal subscriptions share theirs. */
export class Operations {
  readonly #executor: Executor
  readonly #cohorts = new Cohorts()

  constructor(executor: Executor) {
    this.#executor = executor
  }

  /** How many cohorts of equal subscriptions there are. */
  get cohorts(): number {
    return this.#cohorts.size
  }

  /**
   * Begins an operation. Everything that comes of it, mistakes in it included, is told to the subscriber, and nothing is
   * thrown; the first of it after this has returned.
   *
   * @param options.isReadOnly refuses mutations, for transports that any web page can use
   * @param options.lastCursor what the subscriber has seen last, if it resumes; nonsense is as good as nothing
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

  /** What kind of operation a request asks for; null when that cannot be told, for a mistake in it. */
  typeOf(request: OperationRequest): OperationTypeNode | null {
    try {
      return this.#executor.documents.prepare(request).operation.operation
    } catch {
      return null
    }
  }

  /** What a client may see of an error that ended an operation; what it may not is logged. */
  visible(error: unknown, requestId: string): readonly GraphQLError[] {
    return this.#executor.visible(error, requestId)
  }

  #prepare(
    request: OperationRequest,
    { caller, requestId }: Requester,
    options: { readonly isReadOnly?: boolean },
  ): Prepared {
    const { document, operation } = this.#executor.documents.prepare(request, options)
    const { variables } = request
    const operationName = request.operationName || null
    return { run: { document, variables, operationName, caller, requestId }, operation, request, caller }
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
    let source: LiveReader | ExecutionResult | null = null
    if (lastCursor !== null) {
      const resumed = { ...run, document: resumeAt(run.document, operation, lastCursor) }
      source = await this.#executor.subscribe(resumed).catch(() => null)
    }
    if (!source || !isLiveReader(source)) source = await this.#executor.subscribe(run)
    if (!isLiveReader(source)) {
      // As the reference server of graphql-ws does it. A message `error` means that nothing was executed.
      finish(subscriber, encodeResult(source))
      return
    }
    if (running.isCancelled) {
      await source.return()
      return
    }
    const key = createHash('sha256')
      .update(`${caller.sharingKey}\n${canonicalRequest(request)}`)
      .digest('base64')
    running.place = this.#cohorts.join(key, new ExecutedStream(source, run, this.#executor), subscriber)
  }
}

/** A query or mutation under way, or what has failed before its type was clear. */
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

/** A subscription under way. Most of what a socket has are of these: they hold nothing but where they are served. */
class RunningSubscription implements RunningOperation {
  /** Null until it has begun. */
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

/** Events, each executed as one operation asked. */
class ExecutedStream implements LiveStream {
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
    // Before the last of a snapshot, a cursor would leave out the rest of it.
    const isMidway = event.kind === 'SNAPSHOT' && event.remaining > 0
    return { payload: encodeResult(result), key: coalesceKey(event), cursor: isMidway ? null : event.cursor }
  }
}

/** Sends the only result of an operation. */
function finish(subscriber: Subscriber, payload: Buffer): void {
  subscriber.next({ payload, key: null, cursor: null })
  subscriber.complete()
}
