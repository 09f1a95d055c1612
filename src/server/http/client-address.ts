import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** The parts of a request that show where it comes from. */
type AddressedRequest = Pick<IncomingMessage, 'headers'> & {
  readonly socket: Pick<IncomingMessage['socket'], 'remoteAddress'>
}

/** Finds the addresses of clients. All limits per address count by it. */
export interface ClientAddresses {
  /**
   * Returns the address of the client that sent a request, or its network: an IPv4 address, or the first 64 bits of an IPv6
   * address, since whoever has one such address has all others of its network. Empty for a client without an address, as of a
   * Unix socket.
   *
   * Behind trusted proxies it is the last address in `X-Forwarded-For` that no such proxy has. A client can write what it likes into
   * that header, but each proxy appends to it the address that it saw. So the header is read from the right, and never past the
   * first address that is not trusted.
   */
  of(request: AddressedRequest): string
  /** The same for a connection, whose client may be a proxy. */
  ofSocket(socket: { readonly remoteAddress?: string | undefined }): string
  /** True for the address of a proxy that the setting names. */
  isProxy(address: string | undefined): boolean
}

/**
 * Creates the one function that finds the addresses of clients.
 *
 * @param trustProxy addresses and ranges of the proxies in front of the gateway, or their number. 0 or an empty list: none.
 */
export function createClientAddresses(trustProxy: number | readonly string[]): ClientAddresses {
  const hops = typeof trustProxy === 'number' ? trustProxy : Number.POSITIVE_INFINITY
  const proxies = typeof trustProxy === 'number' ? null : blockListOf(trustProxy)
  const isOn = typeof trustProxy === 'number' ? trustProxy > 0 : trustProxy.length > 0

  function isProxy(address: string | undefined): boolean {
    if (proxies === null || address === undefined) return false
    const plain = withoutMapping(address)
    const family = isIP(plain)
    return family !== 0 && proxies.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }

  function addressBehindProxies({ headers, socket }: AddressedRequest): string {
    let address = withoutMapping(socket.remoteAddress ?? '')
    const text = String(headers['x-forwarded-for'] ?? '')
    let end = text.length
    for (let passed = 0; passed < hops && end > 0; passed++) {
      if (proxies && !isProxy(address)) break
      const start = text.lastIndexOf(',', end - 1) + 1
      const next = addressIn(text.slice(start, end))
      // Whatever stands there, the proxy did not write it: it is the client.
      if (next === null) break
      address = next
      end = start - 1
    }
    return address
  }

  /** The last answer: the requests of one client often follow each other. */
  let last = { address: '', network: '' }
  const ofSocket = ({ remoteAddress: address = '' }: { readonly remoteAddress?: string | undefined }): string => {
    if (address !== last.address) last = { address, network: networkOf(address) }
    return last.network
  }
  return {
    of: isOn ? (request) => networkOf(addressBehindProxies(request)) : ({ socket }) => ofSocket(socket),
    ofSocket,
    isProxy,
  }
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const plain = withoutMapping(address)
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(plain, family)
    else list.addSubnet(plain, Number(prefix), family)
  }
  return list
}

/** Reads one entry of `X-Forwarded-For`: an address, perhaps with a port. Null for anything else, such as `unknown`. */
function addressIn(entry: string): string | null {
  const text = entry.trim()
  if (isIP(text)) return withoutMapping(text)
  const [, inBrackets, beforePort] = /^(?:\[([\da-f:.]{2,45})\](?::\d{1,5})?|([\d.]{7,15}):\d{1,5})$/i.exec(text) ?? []
  const address = inBrackets ?? beforePort ?? ''
  return isIP(address) ? withoutMapping(address) : null
}

/** Returns the IPv4 address in an IPv6 address that stands for one, as servers that listen on both have them. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

/** Returns an IPv4 address as it is, and the network of an IPv6 address. */
function networkOf(address: string): string {
  const plain = withoutMapping(address)
  if (!plain.includes(':')) return plain
  const [bare = ''] = plain.split('%')
  const [front = '', back] = bare.split('::')
  const groups = front.split(':').filter(Boolean)
  if (back !== undefined) {
    const behind = back.split(':').filter(Boolean)
    // The last two groups may be written as an IPv4 address.
    const wide = behind.at(-1)?.includes('.') ? 1 : 0
    while (groups.length < 8 - behind.length - wide) groups.push('0')
  }
  const first = Array.from({ length: 4 }, (_, at) => Number.parseInt(groups[at] ?? '0', 16).toString(16))
  return `${first.join(':')}::/64`
}
