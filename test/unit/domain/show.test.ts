import { expect, it } from 'vitest'
import { BadRequestError, show } from '../../../src/domain/errors.ts'

it('prints at most 100 characters', () => {
  for (const value of ['x'.repeat(1_000_000), { ['k'.repeat(200)]: 1 }, ['a'.repeat(90), 'b'.repeat(90)], 10n ** 200n])
    expect(show(value).length).toBeLessThanOrEqual(100)
  expect(show('short')).toBe('"short"')
  expect(show(undefined)).toBe('undefined')
})

it('prints a value that is nested deep, rather than to fail', () => {
  let value: unknown = 1
  for (let depth = 0; depth < 20_000; depth++) value = [value]
  expect(show(value)).toBe('a value that is nested too deep')
})

it.each([
  ['Bearer abc.def-123', '"Bearer [token]"'],
  [{ authorization: 'bearer s3cret!' }, '{"authorization":"bearer [token]"}'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', '"[token]"'],
  [`${'x'.repeat(80)} eyJhbGciOiJIUzI1NiJ9.eyJ${'z'.repeat(5_000)}`, `"${'x'.repeat(80)} [token]`],
])('prints no token of %j', (value, expected) => {
  expect(show(value)).toContain(expected)
  expect(show(value)).not.toMatch(/abc\.def|s3cret|eyJ/)
})

it('shows at most 100 characters of a key that the caller chose', () => {
  const { argument, message } = BadRequestError.of(`input.meta.${'k'.repeat(1_000_000)}`, 'a string', 1)
  expect(argument?.length).toBeLessThanOrEqual(100)
  expect(message.length).toBeLessThan(250)
})
