import { publicOrigins } from './public-origins.ts'

/** Number of origins up to which each is left out alone, where the service does not say which one it refuses. */
const MOST_ALONE = 5

/**
 * Returns the lists of origins to send after a refusal, one after the other, until one is taken: without those that the service names; or
 * without those that only one network can reach; or without each one; and at last none.
 *
 * @param words in which the service refused the origins
 */
export function fewerOrigins(origins: readonly string[], words: string): (readonly string[])[] {
  const others = origins.filter((origin, index) => !isNamed(origin, index, words))
  if (others.length < origins.length) return [others]
  const reachable = publicOrigins(origins)
  if (reachable.length < origins.length) return [reachable]
  const isFew = origins.length > 1 && origins.length <= MOST_ALONE
  const withoutOne = isFew ? origins.map((_, left) => origins.filter((_origin, index) => index !== left)) : []
  return [...withoutOne, []]
}

/** Services name an origin by its text, or by its place, as in `origins[1]` and `pin.origins.1`. */
function isNamed(origin: string, index: number, words: string): boolean {
  if (words.includes(origin)) return true
  const [, place] = /\borigins?(?:\[|\.)(\d{1,2})\b/i.exec(words) ?? []
  return place !== undefined && Number(place) === index
}
