import { allProviders } from '../providers/all-providers.ts'
import {
  type EmulatedProvider,
  type EmulatedProviderOptions,
  startEmulatedProvider,
} from '../providers/emulated-provider.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'

export const ALICE = 'alice-token'
export const BOB = 'bob-token'

/** An answer as text and, if possible, as JSON. */
export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape.
  readonly json: any
}

/** One plain request, as any client would make it; `token` null: without authorization. */
export async function ask(
  service: EmulatedProvider,
  method: string,
  path: string,
  body?: unknown,
  token: string | null = ALICE,
): Promise<Answer> {
  const response = await fetch(`${service.endpoint}${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    text,
    json: parsed(text),
  }
}

/** The request ids of a list. */
export async function listIds(service: EmulatedProvider, query: string): Promise<string[]> {
  const { json } = await ask(service, 'GET', `/pins?${query}`)
  return (json?.results ?? []).map((pin: { requestid?: string; requestId?: string }) => pin.requestid ?? pin.requestId)
}

/** The names of a list's pins. */
export async function listNames(service: EmulatedProvider, query: string): Promise<string[]> {
  const { json } = await ask(service, 'GET', `/pins?${query}`)
  return (json?.results ?? []).map((item: { pin: { name: string } }) => item.pin.name)
}

export const ALL_STATUSES = 'status=queued,pinning,pinned,failed'

/** Makes the same attempt at every member of the zoo. Returns each name with its observation. */
export async function observeAll<T>(
  observe: (service: EmulatedProvider, profile: ProviderProfile) => Promise<T>,
  options: EmulatedProviderOptions = {},
): Promise<Record<string, T>> {
  const seen: Record<string, T> = {}
  for (const profile of allProviders) {
    await using service = await startEmulatedProvider(profile, options)
    seen[profile.name] = await observe(service, profile)
  }
  return seen
}

/** The compliant answer for every member, except those named. */
export function allBut<T>(usual: T, exceptions: Record<string, T>): Record<string, T> {
  return { ...Object.fromEntries(allProviders.map(({ name }) => [name, usual])), ...exceptions }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
