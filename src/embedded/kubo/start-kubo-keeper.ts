import { peerIdFromString } from '@libp2p/peer-id'
import { z } from 'zod'
import type { Database } from '../../storage/open-database.ts'
import type { DialRange } from '../fetch/dial-policy.ts'
import type { Dialer } from '../fetch/origin-connections.ts'
import type { Limits } from '../limits.ts'
import type { Keeper } from '../queue/keeper.ts'
import { Garbage } from '../store/garbage.ts'
import type { PinStore } from '../store/pin-store.ts'
import { KuboLedger } from './kubo-ledger.ts'
import { KuboPins } from './kubo-pins.ts'
import { type KuboAddress, KuboRpc } from './kubo-rpc.ts'
import { KuboTransfer } from './kubo-transfer.ts'

export interface KuboKeeperOptions {
  readonly database: Database
  readonly pins: PinStore
  readonly kubo: KuboAddress
  readonly limits: Limits
  readonly dialRanges: readonly DialRange[]
  /** Returns the bytes that the owner's pins hold now. */
  readonly bytesOf: (owner: number) => number
  /** Called when pins were queued again. */
  readonly onQueued: () => void
  /** Called for each answer to a command that changes pins. */
  readonly onAnswer: () => void
}

const FIRST_LOOK_MS = 5_000
/** The same list each time, so that nobody takes it for new addresses. */
const UNKNOWN: readonly string[] = []

const identity = z.object({
  ID: z.string(),
  Addresses: z
    .array(z.string())
    .nullable()
    .transform((list) => list ?? []),
})
const strings = z.object({ Strings: z.array(z.string()) })

/**
 * Starts the keeper that makes a Kubo daemon fetch and keep the content of pins. The daemon may be away.
 *
 * @throws {Error} when the database has blocks of its own
 */
export async function startKuboKeeper(options: KuboKeeperOptions): Promise<Keeper> {
  const { database, pins, limits, onQueued } = options
  const ledger = new KuboLedger(database)
  const garbage = new Garbage(database)
  const rpc = new KuboRpc(options.kubo, options.onAnswer)
  const kuboPins = new KuboPins(rpc, ledger)
  const abort = new AbortController()
  let peer: z.output<typeof identity> | null = null
  let prepared: Promise<void> | null = null

  const identify = async (timeoutMs?: number): Promise<void> => {
    peer = await rpc.call('id', {}, identity, { signal: abort.signal, ...(timeoutMs && { timeoutMs }) })
  }
  const prepare = async (): Promise<void> => {
    await identify()
    await kuboPins.reconcile(pins, { signal: abort.signal })
    onQueued()
  }
  const ready = (): Promise<void> => {
    prepared ??= prepare().catch((error) => {
      prepared = null
      throw error
    })
    return prepared
  }
  const dialer: Dialer = {
    dial: async (addresses, { signal }) => {
      await rpc.call('swarm/connect', { arg: addresses }, strings, { signal, timeoutMs: limits.dialTimeoutMs })
      return peerIdFromString(addresses[0]?.split('/').at(-1) ?? '')
    },
    // Kubo maintains its connections itself.
    isConnected: () => true,
    onDisconnect: () => () => {},
  }
  const context = { ...options, rpc, kuboPins, ledger, dialer, ready }

  // The first answer to a client needs the delegates. A failure here does no harm: `ready` asks again.
  await identify(FIRST_LOOK_MS).catch(() => {})
  return {
    get peerId() {
      return peer?.ID ?? null
    },
    get addresses() {
      return peer?.Addresses ?? UNKNOWN
    },
    createTransfer: (pin) => new KuboTransfer(pin, context),
    collectSome: async () => {
      await ready()
      const pin = garbage.next()
      if (pin === null) return false
      await kuboPins.release(pin)
      garbage.remove(pin)
      return true
    },
    [Symbol.asyncDispose]: async () => {
      abort.abort(new Error('The service stops'))
      await rpc[Symbol.asyncDispose]()
    },
  }
}
