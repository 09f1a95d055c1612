import { type Dispatcher, Pool } from 'undici'
import { z } from 'zod'
import { parseUntrustedJson } from '../../domain/untrusted-json.ts'
import { KeeperUnavailableError } from '../queue/keeper.ts'
import { readJsonLines } from './read-json-lines.ts'

/** The address of a Kubo daemon. */
export interface KuboAddress {
  /** Base URL of its RPC API, such as `http://127.0.0.1:5001`. It may end in `/api/v0`. */
  readonly endpoint: string
  /**
   * A bearer token, or a secret as Kubo's `API.Authorizations` has it: `bearer:TOKEN`, `basic:USER:PASSWORD`. Null when the daemon needs
   * none.
   */
  readonly token: string | null
}

/** Arguments and options of a command. A list repeats its argument. */
type KuboArguments = Readonly<Record<string, string | readonly string[]>>

/** The daemon ran the command, and the command failed. The message is the daemon's. */
export class KuboRefusalError extends Error {
  override readonly name = 'KuboRefusalError'
}

const CALL_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 5_000
const MAX_ERROR_BYTES = 64 * 1024
/** Trailer with the error of a command that failed after its answer began. */
const ERROR_TRAILER = 'x-stream-error'

/** Commands that change pins. */
const PIN_CHANGES: ReadonlySet<string> = new Set(['pin/add', 'pin/rm'])

const errorObject = z.object({ Message: z.string(), Type: z.literal('error') })

/** Returns the header for a secret. See {@link KuboAddress.token}. */
function authorizationOf(secret: string): string {
  const [, scheme, credentials = ''] = /^(basic|bearer):(.+)$/.exec(secret) ?? []
  if (scheme === 'basic') return `Basic ${Buffer.from(credentials).toString('base64')}`
  return `Bearer ${scheme === 'bearer' ? credentials : secret}`
}

/**
 * A Kubo daemon's HTTP RPC API.
 *
 * A command fails in three ways: with status 500 (400 for wrong arguments) and an error object, with an error object in
 * the middle of its answer, or with a trailer. Each of them becomes a `KuboRefusalError`. A missing or truncated answer, and
 * an answer that is not Kubo's, such as a proxy's, become a `KeeperUnavailableError`.
 *
 * @see https://docs.ipfs.tech/reference/kubo/rpc/
 */
export class KuboRpc implements AsyncDisposable {
  readonly #headers: Readonly<Record<string, string>>
  readonly #basePath: string
  readonly #pool: Pool
  readonly #onAnswer: () => void

  /** @param onAnswer called for each answer to a command that changes pins. Answers to other commands do not show that it can. */
  constructor({ endpoint, token }: KuboAddress, onAnswer: () => void) {
    this.#headers = token === null ? {} : { authorization: authorizationOf(token) }
    this.#onAnswer = onAnswer
    const { origin, pathname } = new URL(endpoint)
    this.#basePath = `${pathname.replace(/(?:\/api\/v0)?\/*$/, '')}/api/v0`
    // No timeouts here: a command is silent while it looks for content. The code that sends it has a timer.
    this.#pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0, connect: { timeout: CONNECT_TIMEOUT_MS } })
  }

  /**
   * Runs a command that answers with one object.
   *
   * @param options.timeoutMs default 30,000
   * @throws {KuboRefusalError} when the command failed
   * @throws {KeeperUnavailableError} when Kubo does not answer in time
   */
  async call<T>(
    command: string,
    args: KuboArguments,
    answer: z.ZodType<T>,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const { timeoutMs = CALL_TIMEOUT_MS, signal } = options
    const timeout = AbortSignal.timeout(timeoutMs)
    let last: unknown
    try {
      const either = signal ? AbortSignal.any([signal, timeout]) : timeout
      for await (const object of this.stream(command, args, { signal: either })) last = object
    } catch (error) {
      if (error !== timeout.reason) throw error
      throw unavailable(`did not answer ${command} within ${timeoutMs / 1_000} s`, error)
    }
    const { success, data } = answer.safeParse(last)
    if (!success) throw unavailable(`answered ${command} with something else`)
    return data
  }

  /** Runs a command and yields the objects of its answer as they arrive. Throws as `call` does. */
  async *stream(command: string, args: KuboArguments, { signal }: { signal: AbortSignal }): AsyncGenerator<unknown> {
    const response = await this.#request(command, args, signal)
    if (response.statusCode !== 200) throw await this.#refusal(command, response)
    try {
      for await (const object of readJsonLines(response.body)) {
        const { success, data } = errorObject.safeParse(object)
        if (success) throw new KuboRefusalError(data.Message)
        if (PIN_CHANGES.has(command)) this.#onAnswer()
        yield object
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof KuboRefusalError) throw error
      throw unavailable(`broke off its answer to ${command}`, error)
    }
    const message = response.trailers[ERROR_TRAILER]
    if (message) throw new KuboRefusalError(message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }

  async #request(command: string, args: KuboArguments, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const query = new URLSearchParams()
    for (const [key, values] of Object.entries(args)) for (const value of [values].flat()) query.append(key, value)
    try {
      return await this.#pool.request({
        method: 'POST',
        path: `${this.#basePath}/${command}?${query}`,
        headers: this.#headers,
        signal,
      })
    } catch (error) {
      signal.throwIfAborted()
      const { code, message } = error as NodeJS.ErrnoException
      throw unavailable(`cannot be reached (${code ?? message})`, error)
    }
  }

  async #refusal(command: string, { statusCode, body }: Dispatcher.ResponseData): Promise<Error> {
    let text = ''
    try {
      for await (const bytes of body) {
        text += bytes
        if (text.length > MAX_ERROR_BYTES) break
      }
      const { success, data } = errorObject.safeParse(parseUntrustedJson(text))
      if (success && (statusCode === 500 || statusCode === 400)) return new KuboRefusalError(data.Message)
    } catch {
      // The body is no error object of Kubo. The status is reported instead.
    }
    return unavailable(`answered ${command} with ${statusCode}`)
  }
}

/** The message must not contain the daemon's address: clients see it. */
function unavailable(what: string, cause?: unknown): KeeperUnavailableError {
  return new KeeperUnavailableError(`Kubo ${what}`, { cause })
}
