import { createHmac, randomBytes } from 'node:crypto'
import type { NewPin, Pin } from '../domain/pin.ts'
import type { PinningServiceClient } from './client.ts'
import type { ListQuery } from './list-query.ts'
import type { PinPage } from './wire.ts'

/** What every call of a tenant takes. */
export interface TenantCallOptions {
  /** Aborts the call; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
}

/** One token at one service: whose pins are seen and changed. The operations reject as `PinningServiceClient`'s do. */
export interface Tenant {
  /** Configured name of the service. */
  readonly service: string
  /** Service and a keyed hash of the token. Part of every key under which anything is kept. */
  readonly key: string
  listPins(query: ListQuery, options?: TenantCallOptions): Promise<PinPage>
  addPin(pin: NewPin, options?: TenantCallOptions): Promise<Pin>
  getPin(requestId: string, options?: TenantCallOptions): Promise<Pin>
  replacePin(requestId: string, pin: NewPin, options?: TenantCallOptions): Promise<Pin>
  removePin(requestId: string, options?: TenantCallOptions): Promise<void>
}

/** Makes keys that tell tenants apart without telling their tokens; keys of two makers never match. */
export function createTenantKeys(): (service: string, token: string) => string {
  const secret = randomBytes(32)
  return (service, token) => `${service}:${createHmac('sha256', secret).update(token).digest('base64url')}`
}

/** Binds a client to one token. */
export function createTenant(service: string, key: string, client: PinningServiceClient, token: string): Tenant {
  return {
    service,
    key,
    listPins: (query, options) => client.listPins(query, { ...options, token }),
    addPin: (pin, options) => client.addPin(pin, { ...options, token }),
    getPin: (requestId, options) => client.getPin(requestId, { ...options, token }),
    replacePin: (requestId, pin, options) => client.replacePin(requestId, pin, { ...options, token }),
    removePin: (requestId, options) => client.removePin(requestId, { ...options, token }),
  }
}
