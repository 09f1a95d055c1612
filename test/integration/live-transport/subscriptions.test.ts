import { describe, expect, it } from 'vitest'
import {
  bearer,
  eventsOf,
  nextOf,
  PIN_STATUS_CHANGED,
  seedQueued,
  startLiveSetup,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'

describe('subscriptions over WebSocket', () => {
  it('tell a snapshot, then every change, then complete when all pins have settled', async () => {
    await using setup = await startLiveSetup()
    const [first, second] = seedQueued(setup.service, 2)
    if (!first || !second) throw new Error('no pins')
    const client = stockClient(setup.url)
    const events = eventsOf(client, { query: PIN_STATUS_CHANGED, variables: { ids: [first.id, second.id] } })
    const snapshot = [await nextOf(events), await nextOf(events)]
    expect(snapshot.map(({ kind, remaining, pin }) => [kind, remaining, pin?.status])).toEqual([
      ['SNAPSHOT', 1, 'QUEUED'],
      ['SNAPSHOT', 0, 'QUEUED'],
    ])
    await setup.change(ALICE, first.requestId, 'pinning')
    expect(await nextOf(events)).toMatchObject({
      kind: 'STATUS_CHANGED',
      previousStatus: 'QUEUED',
      pin: { id: first.id },
    })
    await setup.change(ALICE, first.requestId, 'pinned')
    expect(await nextOf(events)).toMatchObject({ previousStatus: 'PINNING', pin: { id: first.id, status: 'PINNED' } })
    await setup.change(ALICE, second.requestId, 'failed', 'no peers')
    expect(await nextOf(events)).toMatchObject({ pin: { id: second.id, status: 'FAILED', failureReason: 'no peers' } })
    expect((await events.next()).done).toBe(true)
    await client.dispose()
  })

  it('answer queries and mutations too', async () => {
    await using setup = await startLiveSetup()
    const client = stockClient(setup.url)
    const answers = client.iterate({ query: '{ services { name } }' })
    expect(await nextOf(answers)).toEqual({ data: { services: [{ name: 'one' }] } })
    expect((await answers.next()).done).toBe(true)
    const added = client.iterate({
      query: 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { status } error { code } } }',
    })
    expect(await nextOf(added)).toEqual({ data: { addPin: { pin: { status: 'QUEUED' }, error: null } } })
    await client.dispose()
  })

  it('take tokens from connectionParams in any case, from `token`, or else from the request itself', async () => {
    await using setup = await startLiveSetup()
    const { gateway } = setup
    const ask = async (connectionParams: Record<string, unknown>, headers: Record<string, string> = {}) => {
      const { WebSocket } = await import('ws')
      class WithHeaders extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { headers })
        }
      }
      const client = stockClient(setup.url, { connectionParams, webSocketImpl: WithHeaders })
      const answer = await nextOf(client.iterate({ query: '{ pins { nodes { id } } }' }))
      await client.dispose()
      return answer
    }
    const ok = { data: { pins: { nodes: [] } } }
    const refused = { data: null, errors: [{ path: ['pins'], extensions: { code: 'UNAUTHORIZED', service: 'one' } }] }
    expect(await ask({ AUTHORIZATION: `bearer ${ALICE}` })).toEqual(ok)
    expect(await ask({ token: ALICE })).toEqual(ok)
    expect(await ask({ 'X-Pinning-Token-One': BOB })).toEqual(ok)
    expect(await ask({}, bearer(ALICE))).toEqual(ok)
    expect(await ask({ token: 'wrong' }, bearer(ALICE))).toMatchObject(refused)
    expect(await ask({})).toMatchObject(refused)
    expect(gateway.logged.join('')).not.toContain(ALICE)
  })
})
