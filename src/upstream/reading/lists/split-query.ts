import { type Cid, cidTexts } from '../../../domain/cid.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { Capabilities } from '../../providers/capabilities.ts'

/** The specification warns about URLs above 2,000 characters. The other filters need room, too. */
const MAX_CID_CHARACTERS = 1_500
/** Bytes of a request's head for everything except CIDs and token. */
const OTHER_HEAD_BYTES = 700

/**
 * Splits a query so that each part respects the service's limits: the number of CIDs per list, and the bytes of a request's
 * head.
 *
 * The query stays whole if the service does not filter by CID, since each part would cost as much as the whole. A query
 * that cannot match anything has no parts.
 */
export function splitQuery(query: PinQuery, capabilities: Capabilities, tokenLength: number): PinQuery[] {
  if (query.statuses.length === 0 || query.cids?.length === 0) return []
  if (!query.cids || capabilities.cidFilter !== 'exact') return [query]
  const different = [...new Map(query.cids.map((each) => [each.key, each])).values()]
  const parts: PinQuery[] = []
  for (let rest = different; rest.length > 0; ) {
    const cids = cidsThatFit(rest, capabilities, tokenLength, (cid) => formsOf(cid, capabilities))
    parts.push({ ...query, cids })
    rest = rest.slice(cids.length)
  }
  return parts
}

/**
 * Returns the first of some CIDs: as many as fit in one list, and at least one.
 *
 * @param tokenLength characters of the token, which takes its part of a request's head
 * @param formsToSend returns the forms of a CID that the list has to contain. Default: the CID as it is.
 */
export function cidsThatFit(
  cids: Iterable<Cid>,
  { maxCids, maxHeadBytes }: Pick<Capabilities, 'maxCids' | 'maxHeadBytes'>,
  tokenLength: number,
  formsToSend: (cid: Cid) => readonly Cid[] = (cid) => [cid],
): Cid[] {
  const room = Math.min(MAX_CID_CHARACTERS, maxHeadBytes - OTHER_HEAD_BYTES - tokenLength)
  const fitting: Cid[] = []
  let count = 0
  let characters = 0
  for (const cid of cids) {
    const forms = formsToSend(cid)
    count += forms.length
    // Percent-encoded, a comma takes three characters in a URL.
    characters += forms.reduce((sum, { text }) => sum + text.length + 3, 0)
    if (fitting.length > 0 && (count > maxCids || characters > room)) break
    fitting.push(cid)
  }
  return fitting
}

/** Returns the forms in which a CID is sent: all of them to a service that compares CIDs as text. */
export function formsOf(cid: Cid, { cidForm }: Pick<Capabilities, 'cidForm'>): readonly Cid[] {
  return cidForm === 'text' ? cidTexts(cid).map((text) => ({ text, key: cid.key })) : [cid]
}
