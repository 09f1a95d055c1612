import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import { count, milliseconds, ON_OFF, onOff, setting, splitList, trueOrFalse } from './setting.ts'

const MAX_HOPS = 32
const LOCALLY_ON = 'Default: on while only this machine reaches the gateway, off otherwise.'

/** Settings of who is served, what strangers are shown, and what one HTTP connection may take. */
export const FRONT_SETTINGS = {
  allowAnonymous: setting(
    ON_OFF,
    'Serves everybody who reaches the gateway with the tokens that it holds: those of the configuration, and that of the embedded ' +
      'service. Without it, the gateway does not start beyond loopback with a token, unless `allowedHosts` has names.',
    (expected) => trueOrFalse(expected).default(false),
  ),
  trustProxy: setting(
    `a list of IP addresses and ranges such as 10.0.0.0/8, or a whole number of proxies from 0 to ${MAX_HOPS}`,
    'Reverse proxies in front of the gateway, by address or by number. The address of a client, by which limits count, is then the last ' +
      'one in `X-Forwarded-For` that no such proxy has. Each proxy must append to that header. Give a number only if clients cannot ' +
      'reach the gateway past the proxies: they could choose their address otherwise.',
    (expected) =>
      z
        .preprocess(
          readProxies,
          z.union(
            [
              z.int(expected).min(0, expected).max(MAX_HOPS, expected),
              z.array(z.string(expected).refine(isRange, expected), expected),
            ],
            expected,
          ),
        )
        .default([]),
  ),
  graphiql: onOff(`Shows GraphiQL to browsers at /graphql. ${LOCALLY_ON}`),
  introspection: onOff(`Answers queries for the schema, as GraphiQL and code generators send them. ${LOCALLY_ON}`),
  suggestions: onOff(
    `Suggests names of the schema in errors: "Did you mean …?". They show the schema even without introspection. ${LOCALLY_ON}`,
  ),
  headersTimeoutMs: milliseconds('Milliseconds in which a client must send the head of a request.', {
    fallback: 10_000,
  }),
  receiveTimeoutMs: milliseconds('Milliseconds in which a client must send a whole request, with its body.', {
    fallback: 30_000,
  }),
  maxHttpConnections: count(
    'HTTP connections that may be open at a time. WebSockets and event streams do not count: they have `maxSockets`. At the limit, the ' +
      'connection is closed that has waited longest for its client, and where there is none, new clients get status 503. For a second, ' +
      'there may be twice as many that wait for their first request.',
    5_000,
  ),
  maxHttpConnectionsPerAddress: count('Maximum per address. Proxies of a list `trustProxy` have no such limit.', 1_000),
}

function readProxies(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : splitList(value)
}

/** True for an IP address, or a range of them in CIDR notation. */
function isRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || rest.length > 0) return false
  if (prefix === undefined) return true
  if (!/^\d{1,3}$/.test(prefix)) return false
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch {
    return false
  }
}
