import type { Service } from './service.ts'

/** The account that a token opens at a service: the service, the token, and the key of both. Every call is made for one. */
export interface Account {
  readonly service: Service
  /** Service and keyed hash of the token. It is part of every key under which anything is kept or shared. */
  readonly key: string
  readonly token: string
}
