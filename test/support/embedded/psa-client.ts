import { setTimeout as delay } from 'node:timers/promises'
import type { PinStatusBody } from '../../../src/psa/print-pin-status.ts'

/** One answer over HTTP with its body, if it has one, read as JSON. */
export interface Answer<T> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

export interface PinResultsBody {
  readonly count: number
  readonly results: PinStatusBody[]
}

/** A bare client of the Pinning Service API: no check, no retry, so that a test sees what came over the wire. */
export class PsaClient {
  readonly #endpoint: string
  readonly #token: string | null

  constructor(endpoint: string, token: string | null = 'token-a') {
    this.#endpoint = endpoint
    this.#token = token
  }

  async request<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(`${this.#endpoint}${path}`, {
      method,
      headers: {
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as T }
  }

  list(query: Record<string, string> = {}): Promise<Answer<PinResultsBody>> {
    return this.request('GET', `/pins?${new URLSearchParams(query)}`)
  }

  get(requestId: string): Promise<Answer<PinStatusBody>> {
    return this.request('GET', `/pins/${requestId}`)
  }

  async add(pin: Record<string, unknown>): Promise<PinStatusBody> {
    const { status, body } = await this.request<PinStatusBody>('POST', '/pins', pin)
    if (status !== 202) throw new Error(`POST /pins answered ${status}: ${JSON.stringify(body)}`)
    return body
  }

  replace(requestId: string, pin: Record<string, unknown>): Promise<Answer<PinStatusBody>> {
    return this.request('POST', `/pins/${requestId}`, pin)
  }

  remove(requestId: string): Promise<Answer<null>> {
    return this.request('DELETE', `/pins/${requestId}`)
  }

  /**
   * Asks until the pin is `pinned` or `failed`; the service has no other way to tell.
   *
   * @param onAnswer called with every answer. What a test does at its pace takes no sleep of its own.
   */
  async settled(requestId: string, onAnswer?: () => void): Promise<PinStatusBody> {
    for (;;) {
      const { body } = await this.get(requestId)
      onAnswer?.()
      if (body.status === 'pinned' || body.status === 'failed') return body
      await delay(20)
    }
  }
}
