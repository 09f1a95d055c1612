import { expect, it } from 'vitest'
import { showAddress } from '../../../src/config/show-address.ts'

it.each([
  ['api.pinata.cloud/psa', '"api.pinata.cloud/psa"'],
  ['localhost:5001', '"localhost:5001"'],
  ['htp://a.example', '"htp://a.example"'],
  ['ftp://a.example/pins/', '"ftp://a.example/pins/"'],
  ['https:/a.example', '"https:/a.example"'],
  ['https://user:secret@a.example/x', '"https://…@a.example/x"'],
  ['https://a.example/psa?token=secret', '"https://a.example/psa?…"'],
  ['https://a.example#secret', '"https://a.example#…"'],
])('shows an address without secrets: %s', (text, shown) => {
  expect(showAddress(text)).toBe(shown)
})

it.each([
  ['', 'k7Zq-very-secret-4711', 'abcdef1234567890'],
  [`eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${'a'.repeat(80)}.${'b'.repeat(43)}`],
  ['https://', 'secret with spaces.example', 'Bearer abc.def'],
])('shows nothing of what may be a token', (...texts) => {
  for (const text of texts) expect(showAddress(text)).toBeNull()
})
