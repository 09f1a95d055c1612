import { hash } from 'node:crypto'
import { foldCase } from '../../domain/fold-case.ts'
import type { NewPin } from '../../domain/pin.ts'
import type { PinFilter } from './pin-filter.ts'

/**
 * A number in the index for one property of a pin, such as one entry of its metadata.
 *
 * It is 64 bits of a hash. So the index is small, and no text is too long for it. An owner would need billions of pins before
 * two properties have the same term.
 */
export type Term = bigint

/** A term that every pin has. */
export const TERM_OF_ALL: Term = termOf('any')

/** Returns all terms of a pin. */
export function termsOf({ cid, name, meta }: NewPin): Term[] {
  const names = name === null ? [] : [nameTerm(name, 'exact'), nameTerm(name, 'iexact')]
  return [TERM_OF_ALL, termOf('cid', cid.key), ...names, ...Object.entries(meta).map(metaTerm)]
}

/** Returns groups of terms: a pin that matches the filter has a term of each group. Parts of names have no terms. */
export function groupsOf({ cidKeys, name, match, meta }: PinFilter): Term[][] {
  const groups = Object.entries(meta).map((pair) => [metaTerm(pair)])
  // CIDs of different versions may have the same key.
  if (cidKeys) groups.push([...new Set(cidKeys)].map((key) => termOf('cid', key)))
  if (name !== null && (match === 'exact' || match === 'iexact')) groups.push([nameTerm(name, match)])
  return groups
}

function nameTerm(name: string, match: 'exact' | 'iexact'): Term {
  return match === 'exact' ? termOf('name', name) : foldedNameTerm(foldCase(name))
}

/** Returns the term of a name that is folded already. */
export function foldedNameTerm(folded: string): Term {
  return termOf('folded name', folded)
}

function metaTerm([key, value]: [string, string]): Term {
  return termOf('meta', key, value)
}

function termOf(...words: string[]): Term {
  return hash('sha256', JSON.stringify(words), 'buffer').readBigInt64BE()
}
