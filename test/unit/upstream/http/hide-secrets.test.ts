import { describe, expect, it } from 'vitest'
import { createHideSecrets } from '../../../../src/upstream/http/hide-secrets.ts'

const hiding = (token: string) => createHideSecrets({ token, origin: 'https://pins.example' })

describe('a token that a service repeats', () => {
  it.each([
    ['of signs', '-._~+/='.repeat(5)],
    ['of backslashes', '\\'.repeat(40)],
    ['of backslashes and signs', '\\-'.repeat(20)],
    ['of 7,000 signs', '-'.repeat(7_000)],
    ['of 7,000 letters and dots', 'abc.'.repeat(1_750)],
  ])('is hidden: %s', (_what, token) => {
    const forms = [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1)]
    for (const form of forms) {
      const shown = hiding(token)(`No such token: ${form} here`)
      expect(shown).toContain('No such token: [token]')
      expect(shown.endsWith(' here')).toBe(true)
      expect(shown).not.toContain(form)
    }
  })

  it('is looked for in the same time, whatever the text has of it', () => {
    for (const token of [`${'\\'.repeat(40)}z`, `${'\\-'.repeat(20)}z`, `${'-'.repeat(40)}z`])
      for (const text of [`${'\\'.repeat(60)}y`, `${'-'.repeat(60)}y`, `${`${'\\'.repeat(20)}-`.repeat(60)}y`])
        expect(hiding(token)(text)).toBe(text)
  })
})
