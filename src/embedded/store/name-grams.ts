import { foldCase } from './fold-case.ts'

/** Base 36 digits that the largest code point takes. */
const DIGITS = 4
/** Stands after the last letter; no code point is so large. */
const END = 'z'.repeat(DIGITS)

/** How long the prefixes of a gram are that stand for one and for two letters, as FTS5's `prefix` takes them. */
export const GRAM_PREFIXES = `${DIGITS} ${2 * DIGITS}`

/**
 * A name, as it is and folded, as words for the full-text index: for each letter one, with the two behind it.
 *
 * SQLite's own trigrams would do the same, but find nothing that is shorter than three letters.
 */
export function gramsOf(name: string): string {
  return [...new Set([name, foldCase(name)])]
    .map(lettersOf)
    .flatMap((letters) => letters.map((letter, i) => letter + (letters[i + 1] ?? END) + (letters[i + 2] ?? END)))
    .join(' ')
}

/** The query of FTS5 for names that have a part, as they are or folded. The part is not empty. */
export function gramQuery(part: string): string {
  const letters = lettersOf(part)
  if (letters.length < 3) return `${letters.join('')}*`
  const grams = letters.slice(2).map((letter, i) => `${letters[i]}${letters[i + 1]}${letter}`)
  return `"${grams.join(' ')}"`
}

function lettersOf(text: string): string[] {
  return [...text].map((letter) => (letter.codePointAt(0) ?? 0).toString(36).padStart(DIGITS, '0'))
}
