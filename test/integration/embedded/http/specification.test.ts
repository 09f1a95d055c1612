import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PsaClient } from '../../../support/embedded/psa-client.ts'
import { startTestEmbedded, type TestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

// Identity CIDs hold their bytes in themselves, so such a pin is complete at once and needs no origin.
const inlineCid = (text: string): string =>
  `f0155${'00'}${Buffer.of(text.length).toString('hex')}${Buffer.from(text).toString('hex')}`
const ORIGIN = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const ALL = 'queued,pinning,pinned,failed'

let service: TestEmbedded
beforeAll(async () => {
  service = await startTestEmbedded()
})
afterAll(async () => {
  await service[Symbol.asyncDispose]()
})

/** A client whose pins no other test sees. */
async function freshClient(): Promise<PsaClient> {
  const client = new PsaClient(service.endpoint, 'token-a')
  for (;;) {
    const { body } = await client.list({ status: ALL, limit: '1000' })
    for (const { requestid } of body.results) await client.remove(requestid)
    if (body.count === body.results.length) return client
  }
}

describe('adding', () => {
  it('answers 202 with the pin as it was given, a delegate, and a time of its own', async () => {
    const client = await freshClient()
    const pin = { cid: inlineCid('add'), name: 'a', origins: [ORIGIN], meta: { app: 'x' } }
    const before = Date.now()
    const answer = await client.request<Record<string, unknown>>('POST', '/pins', pin)
    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({
      requestid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'pinning',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      pin,
      delegates: service.addresses,
      info: expect.any(Object),
    })
    expect(Date.parse(answer.body.created as string)).toBeGreaterThanOrEqual(before)
  })

  it('leaves out what the client left out', async () => {
    const client = await freshClient()
    const { requestid } = await client.add({ cid: inlineCid('bare') })
    const { pin, status, info } = await client.settled(requestid)
    expect({ pin, status, info }).toEqual({
      pin: { cid: inlineCid('bare') },
      status: 'pinned',
      info: { status_details: 'All blocks are stored', dag_size: '0', dag_blocks: '0' },
    })
  })

  it('gives pins that were added at the same time different times and ids', async () => {
    const client = await freshClient()
    const added = await Promise.all(Array.from({ length: 50 }, () => client.add({ cid: inlineCid('same') })))
    expect(new Set(added.map(({ created }) => created)).size).toBe(50)
    expect(new Set(added.map(({ requestid }) => requestid)).size).toBe(50)
  })

  it('keeps the text of a CID of any version and base', async () => {
    const client = await freshClient()
    for (const cid of [
      'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn',
      inlineCid('x'),
      inlineCid('y').toUpperCase(),
    ]) {
      const { pin } = await client.add({ cid })
      expect(pin.cid).toBe(cid)
    }
  })
})

describe('listing', () => {
  it('shows ten pinned ones by default, newest first, and counts all that match', async () => {
    const client = await freshClient()
    const added: string[] = []
    for (let i = 0; i < 12; i++) added.unshift((await client.add({ cid: inlineCid(`${i}`) })).requestid)
    await client.add({ cid: 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn' })
    const { status, body } = await client.list()
    expect(status).toBe(200)
    expect(body.count).toBe(12)
    expect(body.results.map(({ requestid }) => requestid)).toEqual(added.slice(0, 10))
    expect((await client.list({ status: ALL })).body.count).toBe(13)
    expect((await client.list({ status: 'pinning,queued' })).body.count).toBe(1)
  })

  it('goes through all pins by before and limit, each once', async () => {
    const client = await freshClient()
    for (let i = 0; i < 7; i++) await client.add({ cid: inlineCid(`${i}`) })
    const seen: string[] = []
    let before: string | undefined
    for (;;) {
      const { body } = await client.list({ limit: '3', ...(before ? { before } : {}) })
      if (body.results.length === 0) break
      expect(body.count).toBe(7 - seen.length)
      seen.push(...body.results.map(({ requestid }) => requestid))
      before = body.results.at(-1)?.created
    }
    expect(new Set(seen).size).toBe(7)
  })

  it('takes before and after as exclusive, of any precision and offset', async () => {
    const client = await freshClient()
    const [first, second, third] = [
      await client.add({ cid: inlineCid('1') }),
      await client.add({ cid: inlineCid('2') }),
      await client.add({ cid: inlineCid('3') }),
    ].map(({ created }) => created) as [string, string, string]
    const found = async (query: Record<string, string>) => {
      const { body } = await client.list(query)
      return body.results.map(({ created }) => created)
    }
    expect(await found({ before: third })).toEqual([second, first])
    expect(await found({ after: first })).toEqual([third, second])
    expect(await found({ after: first, before: third })).toEqual([second])
    const aTinyBitLater = second.replace('Z', '000001Z')
    expect(await found({ before: aTinyBitLater })).toEqual([second, first])
    expect(await found({ after: aTinyBitLater })).toEqual([third])
    const elsewhere = `${new Date(Date.parse(second) + 5.5 * 3_600_000).toISOString().slice(0, -1)}+05:30`
    expect(await found({ before: elsewhere })).toEqual([first])
  })

  it('finds names by each of the four matches', async () => {
    const client = await freshClient()
    for (const name of ['Straße 7', 'straße', 'photo-ΟΔΟΣ.jpg', 'Photo', 'a"b%_*', '']) {
      await client.add({ cid: inlineCid('n'), name })
    }
    await client.add({ cid: inlineCid('nameless') })
    const found = async (name: string, match?: string) => {
      const { body } = await client.list({ name, limit: '1000', ...(match ? { match } : {}) })
      expect(body.count).toBe(body.results.length)
      return body.results.map(({ pin }) => pin.name)
    }
    expect(await found('Photo')).toEqual(['Photo'])
    expect(await found('Photo', 'exact')).toEqual(['Photo'])
    expect(await found('photo', 'exact')).toEqual([])
    expect(await found('PHOTO', 'iexact')).toEqual(['Photo'])
    expect(await found('STRASSE', 'iexact')).toEqual(['straße'])
    expect(await found('raße', 'partial')).toEqual(['straße', 'Straße 7'])
    expect(await found('RASSE', 'partial')).toEqual([])
    expect(await found('RASSE', 'ipartial')).toEqual(['straße', 'Straße 7'])
    expect(await found('οδος', 'ipartial')).toEqual(['photo-ΟΔΟΣ.jpg'])
    expect(await found('ho', 'partial')).toEqual(['Photo', 'photo-ΟΔΟΣ.jpg'])
    expect(await found('PH', 'ipartial')).toEqual(['Photo', 'photo-ΟΔΟΣ.jpg'])
    expect(await found('"b%_', 'partial')).toEqual(['a"b%_*'])
    expect(await found('%', 'partial')).toEqual(['a"b%_*'])
    expect(await found('')).toEqual([''])
  })

  it('finds a name in any status where none is asked for, as the official suite expects', async () => {
    const client = await freshClient()
    const { requestid } = await client.add({
      cid: 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn',
      name: 'unfinished',
    })
    const found = async (query: Record<string, string>) =>
      (await client.list(query)).body.results.map((pin) => pin.requestid)
    expect(await found({ name: 'unfinished' })).toEqual([requestid])
    expect(await found({ name: 'unfinished', status: 'pinned' })).toEqual([])
    expect(await found({ cid: 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn' })).toEqual([])
  })

  it('finds up to ten CIDs, in whatever version and base they are written', async () => {
    const client = await freshClient()
    const v0 = 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn'
    const v1 = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
    await client.add({ cid: v0 })
    await client.add({ cid: inlineCid('other') })
    await client.add({ cid: inlineCid('third') })
    const { body } = await client.list({ cid: [v1, inlineCid('third')].join(','), status: ALL })
    expect(body.results.map(({ pin }) => pin.cid)).toEqual([inlineCid('third'), v0])
    expect(body.count).toBe(2)
  })

  it('finds pins that have all of the asked metadata, and maybe more', async () => {
    const client = await freshClient()
    await client.add({ cid: inlineCid('1'), meta: { app: 'x', env: 'prod', size: '1' } })
    await client.add({ cid: inlineCid('2'), meta: { app: 'x', env: 'dev' } })
    await client.add({ cid: inlineCid('3'), meta: { app: 'y', env: 'prod' } })
    const found = async (meta: Record<string, string>) => {
      const { body } = await client.list({ meta: JSON.stringify(meta) })
      return body.results.map(({ pin }) => pin.cid)
    }
    expect(await found({ app: 'x' })).toEqual([inlineCid('2'), inlineCid('1')])
    expect(await found({ app: 'x', env: 'prod' })).toEqual([inlineCid('1')])
    expect(await found({ env: 'x' })).toEqual([])
    expect(await found({})).toHaveLength(3)
    // As the official client for JavaScript sends it.
    const { body } = await client.list({ 'meta[app]': 'x', 'meta[env]': 'prod' })
    expect(body.results.map(({ pin }) => pin.cid)).toEqual([inlineCid('1')])
  })
})

describe('replacing and removing', () => {
  it('replaces a pin by another with a new id', async () => {
    const client = await freshClient()
    const old = await client.add({ cid: inlineCid('old'), name: 'old' })
    const { status, body } = await client.replace(old.requestid, { cid: inlineCid('new') })
    expect(status).toBe(202)
    expect(body.requestid).not.toBe(old.requestid)
    expect(body.pin).toEqual({ cid: inlineCid('new') })
    expect((await client.get(old.requestid)).status).toBe(404)
    expect((await client.get(body.requestid)).status).toBe(200)
    expect((await client.list({ name: 'old', status: ALL })).body).toEqual({ count: 0, results: [] })
  })

  it('removes a pin, once, with an empty 202', async () => {
    const client = await freshClient()
    const { requestid } = await client.add({ cid: inlineCid('gone'), name: 'gone', meta: { a: 'b' } })
    const { status, body } = await client.remove(requestid)
    expect({ status, body }).toEqual({ status: 202, body: null })
    expect((await client.remove(requestid)).status).toBe(404)
    expect((await client.list({ meta: '{"a":"b"}', status: ALL })).body.count).toBe(0)
    expect((await client.list({ name: 'gone', match: 'partial', status: ALL })).body.count).toBe(0)
  })
})

describe('refusing', () => {
  const cid = inlineCid('ok')
  it.each([
    ['a body that is not JSON', '{'],
    ['a body that is no object', '[]'],
    ['no CID', {}],
    ['a bad CID', { cid: 'hello' }],
    ['a name over 255 characters', { cid, name: 'n'.repeat(256) }],
    ['a name with U+0000', { cid, name: 'a\u0000b' }],
    ['a name that is no text', { cid, name: 7 }],
    [
      'more than 20 origins',
      { cid, origins: Array.from({ length: 21 }, (_, i) => ORIGIN.replace('/9/', `/${i + 1}/`)) },
    ],
    ['an origin without a peer', { cid, origins: ['/ip4/127.0.0.1/tcp/9'] }],
    ['an origin that is no multiaddr', { cid, origins: ['http://x'] }],
    ['metadata with a number', { cid, meta: { a: 1 } }],
    ['metadata that is a list', { cid, meta: ['a'] }],
    [
      'more than 1000 keys of metadata',
      { cid, meta: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, ''])) },
    ],
    ['a key of metadata with more than 255 characters', { cid, meta: { ['k'.repeat(256)]: '' } }],
    [
      'metadata of more than 64 KiB',
      // {"a":"…"} has eight characters beside the value, each of which has two bytes.
      { cid, meta: { a: 'ü'.repeat(32 * 1024 - 3) } },
    ],
  ])('answers 400 to %s, when adding and when replacing', async (_, body) => {
    const client = await freshClient()
    const refusal = {
      status: 400,
      body: { error: { reason: 'BAD_REQUEST', details: expect.stringContaining('expected') } },
    }
    expect(await client.request('POST', '/pins', body)).toMatchObject(refusal)
    const { requestid } = await client.add({ cid })
    expect(await client.request('POST', `/pins/${requestid}`, body)).toMatchObject(refusal)
    expect((await client.get(requestid)).status).toBe(200)
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['status=done', 'status'],
    ['status=', 'status'],
    ['match=fuzzy&name=x', 'match'],
    ['cid=hello', 'cid'],
    ['cid=', 'cid'],
    [`cid=${Array.from({ length: 11 }, (_, i) => inlineCid(`${i}`)).join(',')}`, 'cid'],
    ['before=yesterday', 'before'],
    ['before=2026-02-30T00:00:00Z', 'before'],
    ['after=1700000000000', 'after'],
    ['meta=nothing', 'meta'],
    ['meta={"a":1}', 'meta'],
    ['meta=["a"]', 'meta'],
    [`name=${'n'.repeat(256)}`, 'name'],
  ])('answers 400 to GET /pins?%s and names %s', async (query, parameter) => {
    const answer = await service.client.request<{ error: { details: string } }>('GET', `/pins?${query}`)
    expect(answer).toMatchObject({ status: 400, body: { error: { reason: 'BAD_REQUEST' } } })
    expect(answer.body.error.details).toContain(parameter)
  })

  it.each([
    [null, 'Expected "Authorization: Bearer <token>"'],
    ['unknown', 'This token is not valid'],
  ])('answers 401 to the token %s', async (token, details) => {
    const client = new PsaClient(service.endpoint, token)
    const body = { error: { reason: 'UNAUTHORIZED', details } }
    for (const [method, path] of [
      ['GET', '/pins'],
      ['POST', '/pins'],
      ['GET', '/pins/x'],
      ['POST', '/pins/x'],
      ['DELETE', '/pins/x'],
    ] as const) {
      const answer = await client.request(method, path)
      expect(answer).toMatchObject({ status: 401, body })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
  })

  it('answers 404 to an unknown pin and to the pin of another token', async () => {
    const client = await freshClient()
    const other = new PsaClient(service.endpoint, 'token-b')
    const { requestid } = await client.add({ cid })
    for (const id of [requestid, 'unknown', '%2F']) {
      const body = { error: { reason: 'NOT_FOUND', details: expect.any(String) } }
      expect(await other.get(id)).toMatchObject({ status: 404, body })
      expect(await other.replace(id, { cid })).toMatchObject({ status: 404, body })
      expect(await other.remove(id)).toMatchObject({ status: 404, body })
    }
    expect((await other.list({ status: ALL })).body).toEqual({ count: 0, results: [] })
    expect((await client.get(requestid)).status).toBe(200)
  })

  it('has reported no error of its own in these tests', () => {
    expect(service.errors).toEqual([])
  })
})
