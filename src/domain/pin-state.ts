import type { Pin, StringMap } from './pin.ts'

type Comparison = (a: Pin, b: Pin) => boolean

/** Says for each field of a pin how two states of the same pin are compared; null for a field that is not compared. */
const COMPARISONS = {
  service: null,
  requestId: null,
  status: (a, b) => a.status === b.status,
  cid: (a, b) => a.cid.text === b.cid.text,
  name: (a, b) => a.name === b.name,
  // Some services print the same instant differently each time.
  created: null,
  origins: (a, b) => isSameList(a.origins, b.origins),
  meta: (a, b) => isSameMap(a.meta, b.meta),
  delegates: (a, b) => isSameList(a.delegates, b.delegates),
  info: (a, b) => isSameMap(a.info, b.info),
  // Clients do not see it.
  writeId: null,
  unknownStatus: null,
} as const satisfies Record<keyof Pin, Comparison | null>

const ALL: readonly Comparison[] = Object.values(COMPARISONS).filter((compare) => compare !== null)

/**
 * True when a client cannot tell two states of the same pin apart.
 *
 * Runs for each pin of each poll.
 */
export function isSameState(a: Pin, b: Pin): boolean {
  for (const isSame of ALL) if (!isSame(a, b)) return false
  return true
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** Counts the keys as it goes: lists of them would cost more than all comparisons of a pin. */
function isSameMap(a: StringMap, b: StringMap): boolean {
  let surplus = 0
  for (const key in a) {
    if (a[key] !== b[key]) return false
    surplus++
  }
  for (const _ in b) surplus--
  return surplus === 0
}
