import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { BadRequestError } from './errors.ts'

const EXPECTED = 'a multiaddr that ends in /p2p/{peerId}'
/** Longest text that is read as a multiaddr. To decode the base58 in it takes time that grows with the square of the length. */
const MAX_MULTIADDR_LENGTH = 1_024

/**
 * Checks a provider hint: a well-formed multiaddr whose last part is `/p2p/{peerId}` with a real peer id. Returns it unchanged.
 *
 * @param argument path of the argument, for the error
 * @throws {BadRequestError} for any other text, and for more than 1,024 characters
 * @see Pinning Service API 1.0.0, "Provider hints": all multiaddrs MUST end with `/p2p/{peerID}`
 */
export function parseMultiaddr(text: string, argument = 'multiaddr'): string {
  if (text.length > MAX_MULTIADDR_LENGTH)
    throw BadRequestError.of(argument, `a multiaddr of at most ${MAX_MULTIADDR_LENGTH} characters`, text)
  try {
    const last = multiaddr(text).getComponents().at(-1)
    // multiaddr() takes any text as a peer id, so the id is parsed on its own.
    if (last?.name === 'p2p' && last.value !== undefined && peerIdFromString(last.value)) return text
  } catch (cause) {
    throw BadRequestError.of(argument, EXPECTED, text, cause)
  }
  throw BadRequestError.of(argument, EXPECTED, text)
}

/** Returns whether a text is a provider hint, as {@link parseMultiaddr} has it. */
export function isProviderHint(text: string): boolean {
  try {
    parseMultiaddr(text)
    return true
  } catch {
    return false
  }
}
