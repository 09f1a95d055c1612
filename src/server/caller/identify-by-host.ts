import { createHmac, randomBytes } from 'node:crypto'
import type { Caller, CallerRequest, IdentifiedCaller, Identify } from './caller.ts'
import { parsePlainToken } from './token-headers.ts'

/** A token, or the error that the host threw in its place. */
type Found = { readonly token: string | null } | { readonly error: unknown }

/**
 * Creates an `Identify` from the host's function. It rejects when the host has not answered within `timeoutMs`.
 *
 * @param options.serviceNames names of all configured services
 * @param options.timeoutMs milliseconds
 */
export function createIdentifyByHost(
  identify: (request: CallerRequest) => Promise<Caller>,
  options: { readonly serviceNames: readonly string[]; readonly timeoutMs: number },
): Identify {
  const { serviceNames, timeoutMs } = options
  const secret = randomBytes(32)
  return async (request) => {
    const caller = await inTime(identify(request), timeoutMs)
    if (typeof caller?.key !== 'string')
      throw new TypeError('Expected identify to return a caller whose key is a string')
    return new HostCaller(caller, serviceNames, secret)
  }
}

async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Expected identify to settle within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A caller whom the host has named. Each token stays as it was when an operation first used it. */
class HostCaller implements IdentifiedCaller {
  readonly key: string
  readonly #caller: Caller
  readonly #serviceNames: readonly string[]
  readonly #secret: Uint8Array
  readonly #found = new Map<string, Found>()
  #sharingKey: string | undefined

  /** @param secret random key of this process. Only a keyed hash of the tokens is kept, so nobody can find the tokens. */
  constructor(caller: Caller, serviceNames: readonly string[], secret: Uint8Array) {
    this.key = caller.key
    this.#caller = caller
    this.#serviceNames = serviceNames
    this.#secret = secret
  }

  /** Contains the tokens as well as the key: a host may give one key to callers with different rights. */
  get sharingKey(): string {
    if (this.#sharingKey === undefined) {
      const found = this.#serviceNames.map((serviceName) => this.#find(serviceName))
      const tokens = found.map((each) => ('token' in each ? [each.token] : []))
      const text = JSON.stringify([this.key, tokens])
      this.#sharingKey = createHmac('sha256', this.#secret).update(text).digest('base64url')
    }
    return this.#sharingKey
  }

  tokenFor(serviceName: string): string | null {
    const found = this.#find(serviceName)
    if ('error' in found) throw found.error
    return found.token
  }

  #find(serviceName: string): Found {
    const found = this.#found.get(serviceName) ?? this.#ask(serviceName)
    this.#found.set(serviceName, found)
    return found
  }

  #ask(serviceName: string): Found {
    try {
      const token = this.#caller.tokenFor(serviceName) ?? null
      if (token === null || (typeof token === 'string' && parsePlainToken(token) === token)) return { token }
      // The message does not show the token.
      throw new TypeError(
        `Expected tokenFor(${JSON.stringify(serviceName)}) to return printable text without spaces, or null`,
      )
    } catch (error) {
      return { error }
    }
  }
}
