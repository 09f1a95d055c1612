import { parseCid } from '../../../src/domain/cid.ts'
import type { EmulatedPin, PinBody } from './emulated-pin.ts'
import { Refusal } from './refusal.ts'

/** The JSON object of a POST, and what the token's account holds already. */
export interface Submission {
  readonly operation: 'add' | 'replace'
  readonly fields: Readonly<Record<string, unknown>>
  existing(): readonly EmulatedPin[]
}

/** Throws a refusal when a service would not take the pin. */
export type PinCheck = (submission: Submission) => void

/** The body of a POST as JSON object. */
export function parseSubmission(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Refused below, together with JSON that is no object.
  }
  throw Refusal.badRequest('body: expected a JSON object')
}

/** Returns the pin that a checked request body asks for. */
export function toPinBody(fields: Readonly<Record<string, unknown>>): PinBody {
  return {
    cid: String(fields.cid),
    name: (fields.name as string | null | undefined) ?? null,
    origins: (fields.origins as string[] | null | undefined) ?? null,
    meta: (fields.meta as Record<string, string> | null | undefined) ?? null,
  }
}

/** A `cid` must be there, and be one; `status` is what the service answers otherwise. */
export function cidRequired(status = 400): PinCheck {
  return ({ fields }) => {
    if (typeof fields.cid !== 'string') throw new Refusal(status, 'BAD_REQUEST', 'cid: required')
    try {
      parseCid(fields.cid)
    } catch (cause) {
      throw Refusal.badRequest(`cid: cannot read ${fields.cid}`, cause)
    }
  }
}

/** Name of at most 255 characters, at most 20 origins, `meta` with text values. */
export const withinSpecifiedSizes: PinCheck = ({ fields }) => {
  if (String(fields.name ?? '').length > 255) throw Refusal.badRequest('name: longer than 255')
  if (Array.isArray(fields.origins) && fields.origins.length > 20) {
    throw new Refusal(400, 'INVALID_ORIGINS', 'origins: more than 20')
  }
  if (Object.values(fields.meta ?? {}).some((value) => typeof value !== 'string')) {
    throw Refusal.badRequest('meta: values must be strings')
  }
}

/** #41: a decoder that knows four fields and refuses any other. */
export const knownFieldsOnly: PinCheck = ({ fields }) => {
  const unknown = Object.keys(fields).find((field) => !['cid', 'name', 'origins', 'meta'].includes(field))
  if (unknown !== undefined) throw Refusal.badRequest(`json: unknown field "${unknown}"`)
}

const PRIVATE_ADDRESS = /^\/ip4\/(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^\/ip6\/(::1\/|f[cd])/

/** #42: an origin in a private network spoils the whole request. */
export const publicOriginsOnly: PinCheck = ({ fields }) => {
  const origins = Array.isArray(fields.origins) ? fields.origins.map(String) : []
  if (origins.some((origin) => PRIVATE_ADDRESS.test(origin))) {
    throw new Refusal(400, 'INVALID_ORIGINS', 'origins: must be publicly reachable')
  }
}

/** #43: a CID that is pinned already cannot be added again. */
export const noDuplicateCid: PinCheck = ({ operation, fields, existing }) => {
  if (operation === 'add' && existing().some((pin) => pin.cid === fields.cid)) {
    throw new Refusal(400, 'DUPLICATE_OBJECT', 'Object already pinned')
  }
}
