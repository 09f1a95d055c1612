import { afterEach, expect, it, vi } from 'vitest'
import { defaultToProduction } from '../../../src/config/default-to-production.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it.each([
  [undefined, 'production'],
  ['', 'production'],
  ['development', 'development'],
])('makes of NODE_ENV %j %j', (given, expected) => {
  vi.stubEnv('NODE_ENV', given)
  defaultToProduction()
  expect(process.env.NODE_ENV).toBe(expected)
})
