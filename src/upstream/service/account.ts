import type { Service } from './service.ts'

/** One token at one service. Every call is made for an account. */
export interface Account {
  readonly service: Service
  /** Service and keyed hash of the token. It is part of every key under which anything is kept or shared. */
  readonly key: string
  readonly token: string
}
