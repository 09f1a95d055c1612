import { isIP, type LookupFunction } from 'node:net'
import { Agent, fetch, type Response } from 'undici'
import { type DialRange, resolveHost } from './dial-policy.ts'
import { redirectOf } from './redirect-of.ts'

const REQUEST_TIMEOUT_MS = 30_000
/** To https, to a subdomain of the CID, and to a mirror or two. */
const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** A successful answer of a gateway. */
export interface GatewayAnswer {
  /** Media type without parameters, in lower case. Empty when the answer has none. */
  readonly mediaType: string
  /** Decoded: no `content-encoding` is left. */
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Sends requests to trustless HTTP gateways.
 *
 * The operator has chosen the gateways, so they are reached wherever they are. Where a redirect leads is the choice of others: its
 * address must be in a range that may be dialled, and the address that is dialled is the address that was checked. No header but `accept`
 * and no credentials are carried on.
 */
export class GatewayHttp implements AsyncDisposable {
  readonly #allowed: readonly DialRange[]
  readonly #abort = new AbortController()
  readonly #chosen = new Agent()
  readonly #redirected: Agent

  /** @param allowed ranges of addresses to which redirects are followed */
  constructor(allowed: readonly DialRange[]) {
    this.#allowed = allowed
    const lookup: LookupFunction = (host, { all }, callback) => {
      resolveHost(host, allowed, { signal: this.#abort.signal }).then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: isIP(address) }))
          if (all) callback(null, found)
          else callback(null, found[0]?.address ?? '', found[0]?.family)
        },
        (error) => callback(error, ''),
      )
    }
    this.#redirected = new Agent({ connect: { lookup } })
  }

  /**
   * Requests a URL of a gateway, and follows redirects.
   *
   * Rejects when the answer does not begin within 30 s. How long the body takes is the concern of the caller.
   *
   * @throws {Error} for every answer but one with status 200, and for a redirect that is not followed
   */
  async get(url: string, { accept, signal }: { accept: string; signal: AbortSignal }): Promise<GatewayAnswer> {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(new Error('it did not answer in time')), REQUEST_TIMEOUT_MS)
    const either = AbortSignal.any([signal, timeout.signal])
    try {
      const first = new URL(url)
      let next = first
      let isChosen = true
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const dispatcher = isChosen ? this.#chosen : this.#redirected
        const options = { headers: { accept }, redirect: 'manual', signal: either, dispatcher } as const
        const response = await fetch(next, options)
        if (response.status === 200 && response.body) return { mediaType: mediaTypeOf(response), body: response.body }
        await response.body?.cancel()
        if (!REDIRECTS.has(response.status)) throw new Error(`it answered ${response.status}`)
        next = redirectOf(response.headers.get('location'), next)
        // What has led elsewhere must not lead back, to any path of a gateway that it could not reach by itself.
        isChosen &&= next.origin === first.origin
        // Names are resolved and checked when the connection is made. An IP address is not looked up then.
        const host = next.hostname.replace(/^\[|\]$/g, '')
        if (!isChosen && isIP(host)) await resolveHost(host, this.#allowed, { signal: either })
      }
      throw new Error(`it redirected more than ${MAX_REDIRECTS} times`)
    } finally {
      clearTimeout(timer)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await Promise.all([this.#chosen.destroy(), this.#redirected.destroy()])
  }
}

function mediaTypeOf({ headers }: Response): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
