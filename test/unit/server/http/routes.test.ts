import { expect, it } from 'vitest'
import { checkHostRoutes, createRoutes, OWN_PATHS } from '../../../../src/server/http/routes.ts'

const routeOf = createRoutes({ graphql: () => {}, isReady: () => true, hostRoutes: { '/metrics': () => {} } })
const NOWHERE = routeOf('/nowhere')

it.each(OWN_PATHS)('serves %s itself, and lets no host have it', (path) => {
  expect(routeOf(path)).not.toBe(NOWHERE)
  expect(() => checkHostRoutes({ [path]: () => {} })).toThrow(/expected paths such as "\/metrics" that are none of/)
})

it('lists its paths once each when it refuses one, and serves all others for the host', () => {
  expect(() => checkHostRoutes({ '/ready': () => {} })).toThrow('none of /graphql, /health, /ready, /, got "/ready"')
  expect(() => checkHostRoutes({ '/metrics': () => {} })).not.toThrow()
  expect(routeOf('/metrics')).not.toBe(NOWHERE)
})
