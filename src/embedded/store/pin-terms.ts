import { hash } from 'node:crypto'
import type { NewPin } from '../../domain/pin.ts'
import { foldCase } from './fold-case.ts'
import type { PinFilter } from './pin-filter.ts'

/**
 * A number for something that pins are looked for by, such as one pair of metadata: 64 bits of a hash, so that the
 * index is small and no text too long for it. An owner would need billions of pins to meet two equal ones.
 */
export type Term = bigint

/** The term that each pin has. */
export const ANY: Term = termOf('any')

/** All terms of a pin. */
export function termsOf({ cid, name, meta }: NewPin): Term[] {
  const names = name === null ? [] : [nameTerm(name, 'exact'), nameTerm(name, 'iexact')]
  return [ANY, termOf('cid', cid.key), ...names, ...Object.entries(meta).map(metaTerm)]
}

/** The terms that a filter asks for: a pin that matches has one of each group. Parts of names are no terms. */
export function groupsOf({ cidKeys, name, match, meta }: PinFilter): Term[][] {
  const groups = Object.entries(meta).map((pair) => [metaTerm(pair)])
  // Two CIDs may be one in two versions.
  if (cidKeys) groups.push([...new Set(cidKeys)].map((key) => termOf('cid', key)))
  if (name !== null && (match === 'exact' || match === 'iexact')) groups.push([nameTerm(name, match)])
  return groups
}

function nameTerm(name: string, match: 'exact' | 'iexact'): Term {
  return match === 'exact' ? termOf('name', name) : termOf('folded name', foldCase(name))
}

function metaTerm([key, value]: [string, string]): Term {
  return termOf('meta', key, value)
}

function termOf(...words: string[]): Term {
  return hash('sha256', JSON.stringify(words), 'buffer').readBigInt64BE()
}
