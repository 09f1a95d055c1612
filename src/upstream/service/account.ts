import type { PinningService } from './service.ts'

/** One token at one service: in whose name a call is made. */
export interface Account {
  readonly service: PinningService
  /** Service and a keyed hash of the token. Part of every key under which anything is kept. */
  readonly key: string
  readonly token: string
}
