import { describe, expect, it } from 'vitest'
import { crust } from '../../../support/providers/crust.ts'
import { startEmulatedProvider } from '../../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { ALICE, ALL_STATUSES, allBut, ask, BOB, observeAll } from '../../../support/zoo/observe-zoo.ts'

const cid = exampleCid(1)
const JSON_TYPE = 'application/json'

describe('how each service answers', () => {
  it('takes a pin with 202 or 200 (#1)', async () => {
    const seen = await observeAll(async (service) => (await ask(service, 'POST', '/pins', { cid })).status)

    expect(seen).toEqual(allBut(202, { pinata: 200, 'pinata-oldest-first': 200, 'ipfs-cluster': 200, 'rb-demo': 200 }))
  })

  it('replaces a pin with 202 or 200 (#1)', async () => {
    const seen = await observeAll(async (service) => {
      const [old] = service.seed(ALICE, [{ cid }])
      const path = `/pins/${encodeURIComponent(old?.requestId ?? '')}`
      return (await ask(service, 'POST', path, { cid: exampleCid(2) })).status
    })

    expect(seen).toEqual(
      allBut(202, {
        filebase: 200,
        pinata: 200,
        'pinata-oldest-first': 200,
        'ipfs-cluster': 200,
        'filecoin-pin': 200,
        'rb-demo': 200,
      }),
    )
  })

  it('removes a pin with a status, type and body of its own (#2, #3)', async () => {
    const seen = await observeAll(async (service) => {
      const [pin] = service.seed(ALICE, [{ cid }])
      const { status, type, text } = await ask(service, 'DELETE', `/pins/${encodeURIComponent(pin?.requestId ?? '')}`)
      expect(service.pins(ALICE)).toEqual([])
      return [status, type, text]
    })

    const ok = [200, 'text/plain; charset=utf-8', 'OK']
    expect(seen).toEqual(
      allBut<unknown[]>([202, null, ''], {
        pinata: ok,
        'pinata-oldest-first': ok,
        filebase: [202, 'application/json; charset=utf-8', ''],
        'nft-storage': [202, JSON_TYPE, ''],
        '4everland': [202, JSON_TYPE, '{}'],
        crust: [202, 'text/plain; charset=utf-8', 'Accepted'],
      }),
    )
  })

  it('meets the removal of an unknown id with 404, 202 or 500 (#4)', async () => {
    const seen = await observeAll(async (service) => (await ask(service, 'DELETE', '/pins/nothing')).status)

    expect(seen).toEqual(allBut(404, { 'filecoin-pin': 202, crust: 202, estuary: 500 }))
  })

  it('shows a removed pin once more where removal is asynchronous', async () => {
    const seen = await observeAll(async (service) => {
      const [pin] = service.seed(ALICE, [{ cid }])
      const path = `/pins/${encodeURIComponent(pin?.requestId ?? '')}`
      await ask(service, 'DELETE', path)
      return [(await ask(service, 'GET', path)).status, (await ask(service, 'GET', path)).status]
    })

    expect(seen).toEqual(allBut([404, 404], { functionland: [200, 404] }))
  })

  it('lists nothing as 200 or 404, with an array or null (#5, #6)', async () => {
    const seen = await observeAll(async (service) => {
      const { status, json } = await ask(service, 'GET', `/pins?${ALL_STATUSES}&limit=10`)
      return [status, status === 200 ? json : null]
    })

    expect(seen).toEqual(
      allBut<unknown[]>([200, { count: 0, results: [] }], {
        functionland: [404, null],
        'nft-storage': [404, null],
        estuary: [200, { count: 0, results: null }],
      }),
    )
  })

  it('reports fifteen pins and lists null (#6)', async () => {
    const seen = await observeAll(async (service) => {
      service.seed(
        ALICE,
        Array.from({ length: 15 }, (_, n) => ({ cid: exampleCid(n) })),
      )
      return (await ask(service, 'GET', '/pins?status=failed&limit=10')).json
    })

    expect(seen.estuary).toEqual({ count: 15, results: null })
  })

  it('refuses a missing token with 401 or 400, and an unknown one with 401 or 403 (#31)', async () => {
    const seen = await observeAll(async (service) => [
      (await ask(service, 'GET', '/pins?status=pinned', undefined, null)).status,
      (await ask(service, 'GET', '/pins?status=pinned', undefined, 'stranger')).status,
    ])

    expect(seen).toEqual(
      allBut([401, 401], {
        pinata: [400, 401],
        'pinata-oldest-first': [400, 401],
        'filecoin-pin': [401, 403],
        estuary: [401, 403],
      }),
    )
  })

  it('refuses an account that has not paid with 409, or 403 for every call (#31)', async () => {
    const seen = await observeAll(async (service) => (await ask(service, 'GET', '/pins?status=pinned')).status, {
      unpaidTokens: [ALICE],
    })

    expect(seen).toEqual(allBut(409, { filebase: 403 }))
  })

  it('keeps the pins of two tokens apart, except where all share one set; one says 401 for a foreign pin (#31)', async () => {
    const seen = await observeAll(async (service) => {
      const [pin] = service.seed(ALICE, [{ cid }])
      return (await ask(service, 'GET', `/pins/${encodeURIComponent(pin?.requestId ?? '')}`, undefined, BOB)).status
    })

    expect(seen).toEqual(allBut(404, { functionland: 401, 'ipfs-cluster': 200 }))
  })

  it('words a bad request in its own form (#29)', async () => {
    const seen = await observeAll(async (service) => {
      const { status, type, text } = await ask(service, 'POST', '/pins', { cid: 'no cid' })
      return [status, type, text]
    })
    const details = 'cid: cannot read no cid'

    expect(seen).toEqual(
      allBut<unknown[]>([400, JSON_TYPE, JSON.stringify({ error: { reason: 'BAD_REQUEST', details } })], {
        functionland: [400, JSON_TYPE, JSON.stringify(details)],
        'ipfs-cluster': [400, JSON_TYPE, JSON.stringify({ error: { reason: details } })],
        estuary: [400, JSON_TYPE, JSON.stringify({ error: { reason: details } })],
        'helia-server': [400, 'text/html; charset=utf-8', 'Bad Request'],
        crust: [400, JSON_TYPE, JSON.stringify({ Error: details })],
        'web3-storage': [400, JSON_TYPE, JSON.stringify({ reason: 'BAD_REQUEST', details })],
        'nft-storage': [
          400,
          JSON_TYPE,
          JSON.stringify({ ok: false, error: { code: 'BAD_REQUEST', message: details } }),
        ],
      }),
    )
  })

  it('answers a path that it does not have with 404, text, or a web page and success (#29, #30)', async () => {
    const seen = await observeAll(async (service) => {
      const { status, type } = await ask(service, 'GET', '/wrong/pins')
      return [status, type]
    })

    expect(seen).toEqual(
      allBut<unknown[]>([404, JSON_TYPE], {
        'ipfs-cluster': [404, 'text/plain; charset=utf-8'],
        'nft-storage': [200, 'text/html; charset=UTF-8'],
      }),
    )
  })

  it('knows its endpoint by its base path only (#48)', async () => {
    const seen = await observeAll(async (service) => {
      service.seed(ALICE, [{ cid }])
      const { status } = await fetch(new URL('/pins?status=pinned&limit=1', service.endpoint), {
        headers: { authorization: `Bearer ${ALICE}` },
      })
      return [new URL(service.endpoint).pathname, status]
    })

    expect(seen).toEqual(
      allBut<unknown[]>(['/', 200], {
        filebase: ['/v1/ipfs', 404],
        pinata: ['/psa', 404],
        'pinata-oldest-first': ['/psa', 404],
        crust: ['/psa', 404],
        estuary: ['/pinning', 404],
      }),
    )
  })

  it('answers an empty 405 to a method that it does not have (#29)', async () => {
    const seen = await observeAll(async (service) => {
      const { status, text } = await ask(service, 'PUT', '/pins', { cid })
      return status === 405 ? text : status
    })

    expect(seen).toEqual(allBut<unknown>(404, { 'nft-storage': '' }))
  })

  it('refuses a head of more than 8192 bytes at ipfs-cluster (#38)', async () => {
    const seen = await observeAll(async (service) => {
      const { status, type } = await ask(service, 'GET', `/pins?status=pinned&name=${'x'.repeat(8192)}`)
      return [status === 431, type?.startsWith('text/plain')]
    })

    expect(seen).toEqual(allBut([false, false], { 'ipfs-cluster': [true, true] }))
  })

  it('fails with 500, 424, or no answer at all (#34)', async () => {
    const seen = await observeAll(async (service) => {
      service.breakNext(1)
      const signal = AbortSignal.timeout(150)
      const headers = { authorization: `Bearer ${ALICE}` }
      return fetch(`${service.endpoint}/pins?status=pinned`, { headers, signal }).then(
        ({ status }) => status,
        (error: Error) => error.name,
      )
    })

    expect(seen).toEqual(allBut<unknown>(500, { functionland: 424, crust: 'TimeoutError' }))
  })

  it('words a failure in its own form (#29)', async () => {
    const seen = await observeAll(async (service) => {
      service.breakNext(1)
      return (await ask(service, 'GET', '/pins/x')).text
    })
    const details = 'Something went wrong'

    expect(seen).toEqual(
      allBut(JSON.stringify({ error: { reason: 'INTERNAL_SERVER_ERROR', details } }), {
        functionland: '"cluster: failed to pin"',
        'ipfs-cluster': JSON.stringify({ error: { reason: details } }),
        estuary: JSON.stringify({ error: { reason: details } }),
        crust: JSON.stringify({ Error: details }),
        'web3-storage': JSON.stringify({ error: { details } }),
        'nft-storage': JSON.stringify({ ok: false, error: { code: 'INTERNAL_SERVER_ERROR', message: details } }),
      }),
    )
  })

  it('leaves only lists, removals and replacements unanswered at Crust (#34)', async () => {
    await using service = await startEmulatedProvider(crust)
    const outcome = async (method: string, path: string) => {
      service.breakNext(1)
      const signal = AbortSignal.timeout(100)
      const body = method === 'POST' ? JSON.stringify({ cid }) : null
      const headers = { authorization: `Bearer ${ALICE}` }
      return fetch(`${service.endpoint}${path}`, { method, headers, body, signal }).then(
        ({ status }) => status,
        (error: Error) => error.name,
      )
    }

    expect([
      await outcome('GET', '/pins'),
      await outcome('DELETE', '/pins/x'),
      await outcome('POST', '/pins/x'),
      await outcome('GET', '/pins/x'),
      await outcome('POST', '/pins'),
    ]).toEqual(['TimeoutError', 'TimeoutError', 'TimeoutError', 500, 500])
  })

  it('sets a session cookie with every answer of Filebase (#49)', async () => {
    const seen = await observeAll(async (service) => {
      const { headers } = await ask(service, 'GET', '/pins?status=pinned', undefined, null)
      return headers.get('set-cookie')?.split('=')[0] ?? null
    })

    expect(seen).toEqual(allBut<unknown>(null, { filebase: '_filebase_session' }))
  })
})
