import { foldCase } from '../../domain/fold-case.ts'

/** Number of base 36 digits of the largest code point. */
const DIGITS = 4
/** Follows the last letter of a name. No code point is so large. */
const END = 'z'.repeat(DIGITS)

/** Lengths of one and of two letters in a gram, for FTS5's option `prefix`. */
export const GRAM_PREFIXES = `${DIGITS} ${2 * DIGITS}`

/**
 * Returns the words that the full-text index stores for a name: for each letter a gram of it and the next two letters.
 *
 * Has the grams of the name as given and of its folded form. SQLite's own trigrams find no part of fewer than three letters.
 */
export function gramsOf(name: string): string {
  return [...new Set([name, foldCase(name)])]
    .map(lettersOf)
    .flatMap((letters) => letters.map((letter, i) => letter + (letters[i + 1] ?? END) + (letters[i + 2] ?? END)))
    .join(' ')
}

/** Returns the query of FTS5 for names that contain `part`, as given or folded. `part` must not be empty. */
export function gramQuery(part: string): string {
  const letters = lettersOf(part)
  if (letters.length < 3) return `${letters.join('')}*`
  const grams = letters.slice(2).map((letter, i) => `${letters[i]}${letters[i + 1]}${letter}`)
  return `"${grams.join(' ')}"`
}

function lettersOf(text: string): string[] {
  return [...text].map((letter) => (letter.codePointAt(0) ?? 0).toString(36).padStart(DIGITS, '0'))
}
