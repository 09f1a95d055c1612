import { parseCid } from '../../../src/domain/cid.ts'
import type { NameMatch, PinStatus } from '../../../src/domain/pin.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { exampleCid } from '../providers/example-cid.ts'

/** The parts of a record by which lists can be filtered, apart from its status and time. */
export interface FilteredParts {
  readonly cid: string
  readonly name: string | null
  readonly meta: Readonly<Record<string, string>>
}

/** The pins in a list of several CIDs: those of all of them, of the first, of the last, or none. */
export type CidRule = 'several' | 'first' | 'last' | 'one'

type Any = <Value>(values: readonly Value[]) => Value

const CIDS = [1, 2, 3, 4, 5].map((n) => exampleCid(n))
const NAMES = ['site', 'Site', 'site-map', 'backup', null]
const METAS: readonly FilteredParts['meta'][] = [{ app: 'blog' }, { app: 'shop' }, { app: 'blog', env: 'test' }, {}]
const MATCHES: readonly NameMatch[] = ['exact', 'iexact', 'partial', 'ipartial']

const IS_MATCH: Record<NameMatch, (name: string, wanted: string) => boolean> = {
  exact: (name, wanted) => name === wanted,
  iexact: (name, wanted) => name.toLowerCase() === wanted.toLowerCase(),
  partial: (name, wanted) => name.includes(wanted),
  ipartial: (name, wanted) => name.toLowerCase().includes(wanted.toLowerCase()),
}

/** The parts of the next record. */
export function partsByChance(any: Any): FilteredParts {
  return { cid: any(CIDS), name: any(NAMES), meta: any(METAS) }
}

/** Filters of a query: none, or any of one or several CIDs, a name and `meta`. Each is there once in four times. */
export function filtersByChance(any: Any): Pick<PinQuery, 'cids' | 'name' | 'match' | 'meta'> {
  const isThere = (): boolean => any([true, false, false, false])
  const cids = any([[any(CIDS)], CIDS.slice(0, 2), CIDS.slice(1, 4)])
  return {
    ...(isThere() ? { cids: cids.map((text) => parseCid(text)) } : {}),
    ...(isThere() ? { name: any(['site', 'backup', 'nobody']), match: any(MATCHES) } : {}),
    ...(isThere() ? { meta: any([{ app: 'blog' }, { app: 'shop' }]) } : {}),
  }
}

/** Returns the filter that the parameters `cid`, `name` and `meta` of a request mean. */
export function filterOf(
  query: URLSearchParams,
  rules: { readonly cids: CidRule },
): (record: FilteredParts) => boolean {
  const asked = query.get('cid')
  const list = asked?.split(',')
  const cids = { several: list, first: list?.slice(0, 1), last: list?.slice(-1), one: asked ? [asked] : undefined }[
    rules.cids
  ]
  const name = query.get('name')
  const isMatch = IS_MATCH[(query.get('match') ?? 'exact') as NameMatch]
  const meta = Object.entries(JSON.parse(query.get('meta') ?? '{}') as Record<string, string>)
  return (record) =>
    (cids === undefined || cids.includes(record.cid)) &&
    (name === null || isMatch(record.name ?? '', name)) &&
    meta.every(([key, value]) => record.meta[key] === value)
}

/** Returns whether a stored record matches the filters of a query, apart from its times. */
export function isWanted(
  { statuses, cids, name, match = 'exact', meta = {} }: PinQuery,
  record: FilteredParts & { readonly status: PinStatus },
): boolean {
  return (
    statuses.includes(record.status) &&
    (cids === undefined || cids.some(({ text }) => text === record.cid)) &&
    (name === undefined || IS_MATCH[match](record.name ?? '', name)) &&
    Object.entries(meta).every(([key, value]) => record.meta[key] === value)
  )
}
