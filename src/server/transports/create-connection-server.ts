import type { IncomingMessage } from 'node:http'
import type { GatewayConfig } from '../../config/gateway-config.ts'
import type { RequestRoom } from '../../domain/request-room.ts'
import type { Logger } from '../../observability/logger.ts'
import { systemClock } from '../../upstream/waiting/clock.ts'
import type { Identify } from '../caller/caller.ts'
import type { Executor } from '../graphql/executor.ts'
import { Operations } from '../graphql/operations.ts'
import type { RequestGuard } from '../http/request-guard.ts'
import { ConnectionServer } from './connection-server.ts'
import { ConnectionCaps } from './connections/connection-caps.ts'
import { connectionLimitsOf } from './connections/connection-limits.ts'
import { KeptBytes } from './connections/kept-bytes.ts'
import { MessageTurns } from './message-turns.ts'

/** Creates the server of WebSockets and event streams from the configuration. */
export function createConnectionServer(
  config: GatewayConfig,
  parts: {
    readonly executor: Executor
    readonly identify: Identify
    readonly guard: RequestGuard
    readonly addressOf: (request: IncomingMessage) => string
    readonly leaveHttp: (request: IncomingMessage) => void
    readonly room: RequestRoom
    readonly log: Logger
  },
): ConnectionServer {
  const { executor, ...shared } = parts
  return new ConnectionServer({
    operations: new Operations(executor),
    caps: new ConnectionCaps(connectionLimitsOf(config), systemClock.now),
    kept: new KeptBytes(config.maxAnswerBytes),
    messageTurns: new MessageTurns(),
    ...shared,
    clock: systemClock,
    maxMessageBytes: config.maxMessageBytes,
    maxRequestBytes: config.maxRequestBytes,
    pingIntervalMs: config.livePingMs,
    stallTimeoutMs: config.liveStallMs,
    drainMs: config.liveDrainMs,
  })
}
