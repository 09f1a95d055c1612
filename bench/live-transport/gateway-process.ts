import { parseConfig } from '../../src/config/parse-config.ts'
import { startGateway } from '../../src/server/start-gateway.ts'
import { serveStats } from './serve-stats.ts'

/** A gateway in a process of its own, with caps and limits too high to affect the measurement. */
const many = 1_000_000
const gateway = await startGateway(
  parseConfig({
    port: 0,
    logLevel: 'error',
    services: { one: { endpoint: process.argv[2] ?? '', limits: [{ limit: many, windowMs: 1_000 }] } },
    maxSockets: many,
    maxSocketsPerTenant: many,
    maxSocketsPerAddress: many,
    maxStartsPerSocket: many,
    maxStartsPerTenant: many,
    maxStartsPerAddress: many,
    liveDrainMs: 0,
  }),
)
serveStats(gateway.url)
