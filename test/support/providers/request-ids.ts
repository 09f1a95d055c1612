import { createHash } from 'node:crypto'

/** Ingredients of a new request id. They are deterministic, so that a failing test fails again. */
interface RequestIdSeed {
  /** 1 for the first pin of a service, counting up. */
  readonly sequence: number
  readonly cid: string
  readonly createdMs: number
}

export type RequestIdForm = (seed: RequestIdSeed) => string

/** Looks like a random UUID. */
export const uuid: RequestIdForm = ({ sequence }) => {
  const hex = createHash('sha256').update(`pin ${sequence}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

/** #19: a Rails global id in base64, whose `/` and `=` must be percent-encoded in a path. */
export const base64Gid: RequestIdForm = ({ sequence }) =>
  Buffer.from(`gid://filebase/Pin/${String(sequence).padStart(7, '0')}?v=01`).toString('base64')

/** #18: not an id of the request at all. */
export const cidAsId: RequestIdForm = ({ cid }) => cid

/** #19: looks like a number. */
export const integerText: RequestIdForm = ({ sequence }) => String(sequence)

/** 21 URL-safe characters. */
export const nanoid: RequestIdForm = ({ sequence }) =>
  createHash('sha256').update(`nano ${sequence}`).digest('base64url').slice(0, 21)

export const pinMsSequence: RequestIdForm = ({ sequence, createdMs }) => `pin-${createdMs}-${sequence}`

export const uuidMs: RequestIdForm = (seed) => `${uuid(seed)}-${seed.createdMs}`
