import { expect, it } from 'vitest'
import { defaultToProduction } from '../../../src/config/default-to-production.ts'

it.each([
  [undefined, 'production'],
  ['', 'production'],
  ['development', 'development'],
])('makes of NODE_ENV %j %j', (given, expected) => {
  const env = given === undefined ? {} : { NODE_ENV: given }
  defaultToProduction(env)
  expect(env).toEqual({ NODE_ENV: expected })
})
