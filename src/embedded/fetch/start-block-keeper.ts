import { join } from 'node:path'
import type { Database } from '../../storage/open-database.ts'
import { startPeer } from '../bitswap/start-peer.ts'
import { EventLoopTurns } from '../dag/event-loop-turns.ts'
import { WalkRoom } from '../dag/walk-room.ts'
import type { Limits } from '../limits.ts'
import type { Keeper } from '../queue/keeper.ts'
import { BlockStore } from '../store/block-store.ts'
import { BlockTransfer } from './block-transfer.ts'
import type { DialRange } from './dial-policy.ts'
import { GatewayHttp } from './gateway-http.ts'
import { Slots } from './slots.ts'

export interface BlockKeeperOptions {
  readonly database: Database
  /** Folder of the peer's key. */
  readonly dataDir: string
  /** Multiaddrs that the peer listens on. */
  readonly listen: readonly string[]
  readonly limits: Limits
  readonly dialRanges: readonly DialRange[]
  readonly gateways: readonly string[]
  /** Returns the bytes that the owner's pins hold now. */
  readonly bytesOf: (owner: number) => number
}

/** Starts the keeper that needs no daemon: a peer fetches and serves blocks, and the database stores them. */
export async function startBlockKeeper(options: BlockKeeperOptions): Promise<Keeper> {
  const { database, dataDir, listen, limits, dialRanges } = options
  const blocks = new BlockStore(database)
  const turns = new EventLoopTurns()
  const peer = await startPeer({
    blocks,
    turns,
    listen,
    keyFile: join(dataDir, 'peer.key'),
    maxConnections: limits.maxConnections,
    dialTimeoutMs: limits.dialTimeoutMs,
  })
  const room = new WalkRoom(limits.maxWalkBytes)
  const gatewayHttp = new GatewayHttp(dialRanges)
  const gatewaySlots = new Slots(limits.concurrency)
  const context = { ...options, blocks, peer, turns, room, gatewayHttp, gatewaySlots }
  return {
    peerId: peer.peerId,
    addresses: peer.addresses,
    createTransfer: (pin) => new BlockTransfer(pin, context),
    collectSome: () => blocks.collectSome(),
    [Symbol.asyncDispose]: async () => {
      await gatewayHttp[Symbol.asyncDispose]()
      await peer[Symbol.asyncDispose]()
      blocks.flushQuietly()
    },
  }
}
