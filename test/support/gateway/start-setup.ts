import { expect } from 'vitest'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import type { Capabilities } from '../../../src/upstream/providers/capabilities.ts'
import { compliant } from '../providers/compliant.ts'
import type { EmulatedPin } from '../providers/emulated-pin.ts'
import type { SeedPin } from '../providers/emulated-pins.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../providers/emulated-provider.ts'
import { exampleCid } from '../providers/example-cid.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'
import { ALICE, NOTHING_TO_CHECK, startTestApi, type TestApi, type TestApiOptions } from '../start-test-api.ts'

/** One specification-compliant service named `one`, and the schema over it. */
export interface Setup extends AsyncDisposable {
  readonly service: EmulatedProvider
  readonly api: TestApi
}

export async function startSetup(
  options: Omit<TestApiOptions, 'services'> & {
    profile?: ProviderProfile
    token?: string | null
    provider?: string | null
    /** Default: `NOTHING_TO_CHECK`. */
    capabilities?: Partial<Capabilities>
  } = {},
): Promise<Setup> {
  const { profile = compliant, token = ALICE, provider = null, capabilities = NOTHING_TO_CHECK, ...rest } = options
  const service = await startEmulatedProvider(profile)
  const settings = { name: 'one', endpoint: service.endpoint, token, provider, capabilities }
  const api = startTestApi({ services: [settings], ...rest })
  return {
    service,
    api,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

export interface ServicesSetup<Name extends string> extends AsyncDisposable {
  readonly api: TestApi
  readonly services: Readonly<Record<Name, EmulatedProvider>>
}

/** Several compliant services, named as asked, and the schema over them. */
export function startServices<Name extends string>(...names: readonly Name[]): Promise<ServicesSetup<Name>> {
  return startServicesWith({}, ...names)
}

export async function startServicesWith<Name extends string>(
  options: Omit<TestApiOptions, 'services'>,
  ...names: readonly Name[]
): Promise<ServicesSetup<Name>> {
  const started = await Promise.all(names.map(async (name) => [name, await startEmulatedProvider(compliant)] as const))
  const api = startTestApi({ services: started.map(([name, { endpoint }]) => ({ name, endpoint })), ...options })
  return {
    api,
    services: Object.fromEntries(started) as Record<Name, EmulatedProvider>,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      await Promise.all(started.map(([, service]) => service[Symbol.asyncDispose]()))
    },
  }
}

const START_NS = 1_700_000_000_000_000_000n

/** The n-th second of the tests' calendar. */
export function second(n: number): bigint {
  return START_NS + BigInt(n) * 1_000_000_000n
}

/** Pins with the CIDs 1 to `count`, one a second, the newest first. */
export function seedPins(service: EmulatedProvider, count: number, more: Partial<SeedPin> = {}): EmulatedPin[] {
  const pins = Array.from({ length: count }, (_, index) => ({
    cid: exampleCid(index + 1),
    name: `pin ${index + 1}`,
    created: second(index + 1),
    ...more,
  }))
  return service.seed(ALICE, pins).reverse()
}

/** The global id of a pin that a service holds. */
export function idOf({ requestId, cid }: Pick<EmulatedPin, 'requestId' | 'cid'>, service = 'one'): string {
  return formatPinId({ service, requestId, cid: { text: cid } })
}

/** The requests that arrived, as `GET /pins`. */
export function requestsAt(service: EmulatedProvider): string[] {
  return service.requests.map(({ method, path }) => `${method} ${path}`)
}

/** The entry of the sent `meta` that names the write. Answers of the gateway do not contain it. */
export const OPERATION_META = { 'pinql.op': expect.stringMatching(/^[0-9a-f]{32}$/) }
