import { count, milliseconds, numberSetting } from './setting.ts'

/** Settings of live status: limits per connection, caller and address, and the timing of connections. */
export const LIVE_SETTINGS = {
  maxSockets: count('WebSockets and event streams that may be open at a time.', 50_000),
  maxSocketsPerTenant: count(
    'Maximum per caller: callers with equal tokens count as one, and so do all callers without a token.',
    20_000,
  ),
  maxSocketsPerAddress: count(
    'Maximum per address. Behind a reverse proxy, all clients have the same address, unless `trustProxy` names it. All addresses of an IPv6 ' +
      'network (64 bits) count as one.',
    10_000,
  ),
  maxOperationsPerSocket: count('Operations that may be in flight on one WebSocket.', 100),
  maxOperationsPerTenant: count('Maximum per caller.', 100_000),
  maxOperationsPerAddress: count('Maximum per address.', 100_000),
  maxStartsPerSocket: count(
    'Operations that may begin on one WebSocket per second. A burst may have twice as many.',
    100,
  ),
  maxStartsPerTenant: count('Maximum per caller.', 5_000),
  maxStartsPerAddress: count('Maximum per address.', 5_000),
  maxMessageBytes: numberSetting('Largest message of a WebSocket in bytes.', {
    min: 1_024,
    max: 10_000_000,
    unit: 'bytes',
    fallback: 65_536,
  }),
  livePingMs: milliseconds(
    'Milliseconds between pings on WebSockets, and between comments on event streams. Should be less than 25000, and less than ' +
      'the idle timeout of every proxy.',
    { fallback: 12_000 },
  ),
  liveStallMs: milliseconds(
    'Milliseconds after which a WebSocket is closed when its client has stopped reading, and an event stream when the network ' +
      'takes no more data. Should be at least 2.5 times `livePingMs`.',
    { fallback: 30_000 },
  ),
  liveDrainMs: milliseconds(
    'Milliseconds over which WebSockets and event streams are closed after SIGINT or SIGTERM, so that their clients do ' +
      'not all reconnect at once. Fewer than 100 a second are not spread further. Whoever stops the process must leave it some seconds more.',
    { min: 0, fallback: 8_000 },
  ),
}
