import { show } from '../domain/errors.ts'

/** The names of a host. A JWT has longer ones between its dots. */
const HOST = /^(?:localhost|[\w-]{1,63}(?:\.[\w-]{1,63})+|\[[\da-f:.]+\])(?::\d+)?(?:\/|$)/i

/**
 * Shows an address that cannot be used, without what may be secret: a user, a query and a fragment.
 *
 * @returns null for a text that does not look like an address. It may be a token in the wrong place.
 */
export function showAddress(text: string): string | null {
  const [, scheme = '', user = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/+)?([^/?#]*@)?(.*)$/is.exec(text.trim()) ?? []
  const [, place = '', more = ''] = /^([^?#]*)(.*)$/s.exec(rest) ?? []
  if (!HOST.test(place)) return null
  return show(`${scheme}${user && '…@'}${place}${more && `${more[0]}…`}`)
}
