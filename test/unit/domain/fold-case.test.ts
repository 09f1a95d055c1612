import { describe, expect, it } from 'vitest'
import { foldCase } from '../../../src/domain/fold-case.ts'

describe('foldCase', () => {
  it.each([
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'οδος'],
    ['STRASSE', 'straße'],
    ['STRAẞE', 'straße'],
    ['E\u0301le\u0301ment', 'ÉLÉMENT'],
    ['ΐ', 'Ϊ́'],
    ['\u212a', 'k'],
    ['i\u0307', 'İ'],
    ['ﬁle', 'FILE'],
  ])('folds %s as %s', (one, other) => {
    expect(foldCase(one)).toBe(foldCase(other))
  })

  it.each([
    ['é', 'e'],
    ['ä', 'ae'],
    ['I', 'İ'],
    ['a', 'б'],
  ])('keeps %s and %s apart', (one, other) => {
    expect(foldCase(one)).not.toBe(foldCase(other))
  })

  it('folds each form of each character alike, and what is folded no further', () => {
    for (let code = 0; code <= 0x10_ff_ff; code++) {
      if (code >= 0xd8_00 && code <= 0xdf_ff) continue
      const letter = String.fromCodePoint(code)
      const folded = foldCase(letter)
      const forms = [
        letter.toUpperCase(),
        letter.toLowerCase(),
        letter.normalize('NFD'),
        letter.normalize('NFC'),
        folded,
      ]
      if (forms.some((form) => foldCase(form) !== folded)) expect.fail(`U+${code.toString(16)} folds in several ways`)
    }
  })
})
