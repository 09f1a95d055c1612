import { isIPv4, isIPv6 } from 'node:net'

const MAX_LENGTH = 1_024
/** As many delegates as the Pinning Service API allows for a pin. */
export const MAX_ANNOUNCED = 20

export const ANNOUNCED_WORDS =
  'a multiaddr with a host and a port that others can reach, such as /ip4/203.0.113.7/tcp/4001 or /dns4/pins.example.com/tcp/4001'
export const LISTEN_WORDS = 'an IP address and a TCP port, such as /ip4/0.0.0.0/tcp/4001'

/**
 * Checks a multiaddr at which others reach the peer of the embedded service. Its port must be known: not 0.
 *
 * Multiaddrs are checked here by their form alone, since the library for them is slow to import. The service checks the rest when it starts.
 *
 * @returns null for any other text, and for the address that stands for all addresses of a host
 */
export function announcedAddress(text: string): string | null {
  const [, host = '', value = '', rest = ''] =
    /^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/([^/\s,]+)((?:\/[^/\s,]+)*)$/.exec(text) ?? []
  if (host === '' || text.length > MAX_LENGTH || !isHost(host, value) || isUnspecified(value)) return null
  if (host === 'dnsaddr') return text
  const [, port] = /^\/(?:tcp|udp)\/(\d{1,5})(?=\/|$)/.exec(rest) ?? []
  return port !== undefined && Number(port) > 0 && Number(port) <= 65_535 ? text : null
}

/**
 * Checks a multiaddr at which the peer of the embedded service listens: TCP, at an IP address. Port 0 is any free one.
 *
 * @returns null for any other text
 */
export function listenAddress(text: string): string | null {
  const [, host = '', value = '', port] = /^\/(ip4|ip6)\/([^/\s,]+)\/tcp\/(\d{1,5})$/.exec(text) ?? []
  return host !== '' && isHost(host, value) && Number(port) <= 65_535 ? text : null
}

/** Returns the host of a multiaddr that {@link listenAddress} has checked. */
export function hostOfAddress(address: string): string {
  return address.split('/', 3)[2] ?? ''
}

function isHost(kind: string, value: string): boolean {
  if (kind === 'ip4') return isIPv4(value)
  if (kind === 'ip6') return isIPv6(value) && !value.includes('%')
  return /^[\w.-]{1,253}$/.test(value)
}

function isUnspecified(value: string): boolean {
  return value === '0.0.0.0' || (value.includes(':') && /^[0:]+$/.test(value))
}
