import { expect, it } from 'vitest'
import { embed, post } from '../../support/embedding/embed.ts'
import { identifyBySession } from '../../support/embedding/identify-by-session.ts'
import { serveWithExpress } from '../../support/embedding/serve-with-express.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { ALICE } from '../../support/start-test-api.ts'

const KNOWN = { count: 'matching', order: 'newest-first', multiStatus: true, timeFilter: 'exact' } as const

/** Two users of the host share one token. */
async function startForTwo() {
  const service = await startEmulatedProvider(compliant)
  const limits = [{ limit: 20, windowMs: 2000, scope: 'token', endpoint: 'list' } as const]
  const identify = identifyBySession(async (id) => ({ id, tokens: { one: ALICE } }))
  const host = await embed(
    serveWithExpress,
    { identify },
    // Known well enough that each search is a request of its own.
    { services: { one: { endpoint: service.endpoint, limits, capabilities: KNOWN } } },
  )
  service.seed(ALICE, [{ cid: 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKvM66', name: 'any' }])
  return {
    service,
    /** Sends one operation with a search for each name. */
    search(user: string, ...names: string[]) {
      const fields = names.map((name, n) => `s${n}: pins(filter: { name: "${name}" }) { edges { node { name } } }`)
      return post(host.url, `{ ${fields.join(' ')} }`, { 'x-session': user })
    },
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

const FORTY = Array.from({ length: 40 }, (_, n) => `greedy ${n}`)

it.each([
  ['another caller of the same token', 'lone'],
  ['another operation of the same caller', 'greedy'],
])('does not let an operation with 40 searches keep %s waiting', async (_, user) => {
  await using setup = await startForTwo()
  const { service } = setup
  const all = setup.search('greedy', ...FORTY)
  // Half of the limit leaves at once.
  await expect.poll(() => service.requests.length).toBeGreaterThanOrEqual(10)
  const before = service.requests.length
  expect(await setup.search(user, 'lone')).toEqual({ status: 200, body: { data: { s0: { edges: [] } } } })
  const names = service.requests.slice(before).map(({ query }) => query.get('name'))
  // One search has its turn before it, and a few may leave before a busy machine gets to the operation. 30 wait.
  expect(names.indexOf('lone')).toBeLessThanOrEqual(5)
  expect((await all).body).toMatchObject({ data: { s0: { edges: [] }, s39: { edges: [] } } })
})
