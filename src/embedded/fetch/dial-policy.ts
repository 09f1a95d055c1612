import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { type AddressRange, addressRange, isAnyAddress } from './address-range.ts'

/** Milliseconds without an answer after which a name server is asked once more. */
const DNS_TIMEOUT_MS = 2_000
const DNS_TRIES = 2

/** A range of addresses that clients may make the service dial. */
export type DialRange = Exclude<AddressRange, 'reserved'>

/**
 * Returns the ranges that may be dialled unless the configuration names others.
 *
 * A service that only this host can reach may dial every range. Any other service may dial the internet only: its clients
 * could otherwise use it to probe the network that it is in.
 *
 * @param listening IP addresses, or names, at which the service can be reached
 */
export function defaultDialRanges(listening: readonly string[]): DialRange[] {
  const isLocal = listening.every((address) => address === 'localhost' || addressRange(address) === 'loopback')
  // `0.0.0.0` is in the loopback range when it is dialled, but a server there listens on every address.
  return isLocal && !listening.some(isAnyAddress) ? ['loopback', 'private', 'public'] : ['public']
}

/**
 * Resolves an origin to the addresses that will be dialled.
 *
 * A name is resolved once, here: the address that is dialled is the address that was checked. Names are resolved by DNS, not by
 * the system: a lookup of the system cannot be cancelled, and a few that hang block all others of the process.
 *
 * @param options.signal ends the wait for DNS
 * @returns multiaddrs of the form `/ip4/…/tcp/…/p2p/…`
 * @throws {Error} when no address may be dialled. The message is for the owner of the pin.
 */
export async function resolveOrigin(
  origin: string,
  allowed: readonly DialRange[],
  options: { signal: AbortSignal },
): Promise<string[]> {
  const [host, tcp, p2p, ...rest] = multiaddr(origin).getComponents()
  const isTcp = tcp?.name === 'tcp' && p2p?.name === 'p2p' && rest.length === 0
  if (!host?.value || !isTcp || !['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(host.name)) {
    throw new Error('only addresses of the form /ip4|ip6|dns…/tcp/…/p2p/… are dialled')
  }
  const dialled = await resolveHost(host.value, allowed, { signal: options.signal, kind: host.name })
  return dialled.map((address) => `/ip${isIP(address)}/${address}/tcp/${tcp.value}/p2p/${p2p.value}`)
}

/**
 * Resolves a name, or takes an IP address, and returns the addresses that may be dialled. See {@link resolveOrigin}.
 *
 * @param options.kind `dns4` and `dns6` select one family of addresses. Default: both.
 * @param options.signal ends the wait for DNS
 * @throws {Error} when no address may be dialled. The message is for the owner of the pin.
 */
export async function resolveHost(
  host: string,
  allowed: readonly DialRange[],
  { kind = 'dns', signal }: { kind?: string; signal: AbortSignal },
): Promise<string[]> {
  const addresses = isIP(host) ? [host] : await resolveName(host, kind, { signal })
  const dialled = addresses.filter((address) => (allowed as readonly AddressRange[]).includes(addressRange(address)))
  if (dialled.length > 0) return dialled
  const ranges = [...new Set(addresses.map(addressRange))].join(', ')
  throw new Error(`refused, since ${ranges} addresses are not dialled`)
}

async function resolveName(name: string, kind: string, { signal }: { signal: AbortSignal }): Promise<string[]> {
  const types = kind === 'dns4' ? ['A'] : kind === 'dns6' ? ['AAAA'] : ['A', 'AAAA']
  // RFC 6761, section 6.3: no name server is asked.
  if (/^(?:.+\.)?localhost\.?$/i.test(name)) return types.map((type) => (type === 'A' ? '127.0.0.1' : '::1'))
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel)
  try {
    const found = await Promise.allSettled(
      types.map((type) => (type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name))),
    )
    const addresses = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    if (addresses.length > 0) return addresses
    const [{ reason } = { reason: null }] = found.filter((each) => each.status === 'rejected')
    throw new Error(`its name is not found (${(reason as NodeJS.ErrnoException | null)?.code ?? 'no address'})`)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
