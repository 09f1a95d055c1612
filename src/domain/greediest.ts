/**
 * Returns the shares of the owner who has the most bytes of all, in the order of the shares. Owners who have equally many count as one.
 * Empty when there are no shares.
 *
 * Memory that is shared takes back from the greediest owner, so that nobody loses anything by the greed of another.
 */
export function sharesOfGreediest<Share extends { readonly bytes: number }>(
  shares: Iterable<Share>,
  ownerOf: (share: Share) => unknown,
): readonly Share[] {
  const all = [...shares]
  const sums = new Map<unknown, number>()
  for (const share of all) sums.set(ownerOf(share), (sums.get(ownerOf(share)) ?? 0) + share.bytes)
  const most = Math.max(...sums.values())
  return all.filter((share) => sums.get(ownerOf(share)) === most)
}
