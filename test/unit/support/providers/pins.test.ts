import { describe, expect, it } from 'vitest'
import { DELEGATE } from '../../../support/providers/compliant.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { ALICE, allBut, ask, BOB, observeAll } from '../../../support/zoo/observe-zoo.ts'

const cid = exampleCid(1)
const path = (requestId: string | undefined) => `/pins/${encodeURIComponent(requestId ?? '')}`
const origin = '/ip4/203.0.113.9/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'

describe('what each service makes of a pin', () => {
  it('gives ids of its own form, and takes them back percent-encoded (#18, #19)', async () => {
    const seen = await observeAll(async (service) => {
      const { json } = await ask(service, 'POST', '/pins', { cid })
      const requestId: string = json.requestid ?? json.requestId
      const read = await ask(service, 'GET', path(requestId))
      expect(read.status).toBe(200)
      return requestId
    })

    const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(seen).toEqual(
      allBut(uuid, {
        filebase: expect.stringMatching(/^[A-Za-z0-9+]+\/[A-Za-z0-9+/]*==$/),
        'ipfs-cluster': cid,
        'nft-storage': cid,
        'helia-server': expect.stringMatching(/^[\w-]{21}$/),
        'filecoin-pin': expect.stringMatching(/^pin-\d{13}-1$/),
        crust: expect.stringMatching(/^[0-9a-f-]{36}-\d{13}$/),
        'rb-demo': '1',
        estuary: '1',
      }),
    )
  })

  it('spells the field `requestid`, but for one (#20)', async () => {
    const seen = await observeAll(async (service) => {
      const { json } = await ask(service, 'POST', '/pins', { cid })
      return Object.keys(json).filter((key) => /^requestid$/i.test(key))
    })

    expect(seen).toEqual(allBut(['requestid'], { 'quicknode-shapes': ['requestId'] }))
  })

  it('prints `created` with its own precision and offset, daylight saving included (#14, #15)', async () => {
    const seen = await observeAll(async (service) => {
      const pins = service.seed(ALICE, [
        { cid, created: '2023-03-12T06:59:59.123456789Z' },
        { cid: exampleCid(2), created: '2023-03-12T07:00:00.400Z' },
        { cid: exampleCid(3), created: '2023-11-05T06:00:34Z' },
      ])
      return Promise.all(pins.map(async ({ requestId }) => (await ask(service, 'GET', path(requestId))).json.created))
    })

    const nanoseconds = ['2023-03-12T06:59:59.123456789Z', '2023-03-12T07:00:00.4Z', '2023-11-05T06:00:34Z']
    const trimmed = ['2023-03-12T06:59:59.123456+00:00', '2023-03-12T07:00:00.4+00:00', '2023-11-05T06:00:34+00:00']
    expect(seen).toEqual(
      allBut(['2023-03-12T06:59:59.123Z', '2023-03-12T07:00:00.400Z', '2023-11-05T06:00:34.000Z'], {
        filebase: ['2023-03-12T01:59:59-05:00', '2023-03-12T03:00:00-04:00', '2023-11-05T01:00:34-05:00'],
        crust: ['2023-03-12T14:59:59+08:00', '2023-03-12T15:00:00+08:00', '2023-11-05T14:00:34+08:00'],
        'ipfs-cluster': ['2023-03-12T06:59:59Z', '2023-03-12T07:00:00Z', '2023-11-05T06:00:34Z'],
        functionland: nanoseconds,
        estuary: nanoseconds,
        'web3-storage': trimmed,
        'nft-storage': trimmed,
      }),
    )
  })

  it('reports another `created` after a POST than later (#45)', async () => {
    let now = 1_700_000_000_123_456_789n
    const clock = () => now++
    const seen = await observeAll(
      async (service) => {
        const { json } = await ask(service, 'POST', '/pins', { cid })
        return json.created === (await ask(service, 'GET', path(json.requestid ?? json.requestId))).json.created
      },
      { clock },
    )

    expect(seen).toEqual(allBut(true, { functionland: false, 'ipfs-cluster': false }))
  })

  it('gives two pins one `created`, except where the specification is kept (#13)', async () => {
    const seen = await observeAll(
      async (service) => {
        await ask(service, 'POST', '/pins', { cid })
        await ask(service, 'POST', '/pins', { cid: exampleCid(2) })
        return new Set(service.pins(ALICE).map((pin) => pin.created)).size
      },
      { clock: () => 1_700_000_000_123_456_789n },
    )

    const unique = { compliant: 2, pinata: 2, 'pinata-oldest-first': 2, 'quicknode-shapes': 2 }
    expect(seen).toEqual(allBut(1, unique))
  })

  it('writes down a bare pin with fields absent, null, empty or made up (#23, #24)', async () => {
    const seen = await observeAll(async (service) => (await ask(service, 'POST', '/pins', { cid })).json.pin)

    const named = { cid, name: cid }
    expect(seen).toEqual(
      allBut<object>(
        { cid },
        {
          filebase: named,
          crust: named,
          '4everland': { ...named, meta: {} },
          functionland: { cid, name: '' },
          'rb-demo': { cid, name: null },
          'web3-storage': expect.objectContaining({ cid, name: null, origins: null, meta: null }),
          'nft-storage': { cid, origins: null },
          estuary: { cid, meta: null },
          'quicknode-shapes': expect.objectContaining({ cid }),
        },
      ),
    )
  })

  it('keeps name, origins and meta, or drops meta (#25)', async () => {
    const body = { cid, name: 'n', origins: [origin], meta: { a: 'b' } }
    const seen = await observeAll(async (service) => (await ask(service, 'POST', '/pins', body)).json.pin)

    expect(seen).toEqual(
      allBut<object>(expect.objectContaining(body), {
        '4everland': { ...body, meta: {} },
        'quicknode-shapes': seen['quicknode-shapes'] as object,
      }),
    )
    expect(seen['quicknode-shapes']).toEqual({ ...body, meta: { a: 'b', replicas: 3, regions: { eu: true } } })
  })

  it('names one delegate, none, none once pinned, or more than twenty (#26)', async () => {
    const seen = await observeAll(async (service) => {
      const count = async (method: string, where: string, body?: unknown) =>
        (await ask(service, method, where, body)).json.delegates.length
      const queued = await count('POST', '/pins', { cid })
      const [pin] = service.pins(ALICE)
      service.setStatus(ALICE, pin?.requestId ?? '', 'pinned')
      return [queued, await count('GET', path(pin?.requestId))]
    })

    expect(seen).toEqual(
      allBut([1, 1], {
        filebase: [3, 3],
        pinata: [1, 0],
        'pinata-oldest-first': [1, 0],
        functionland: [2, 2],
        'ipfs-cluster': [24, 24],
        'filecoin-pin': [0, 0],
        'web3-storage': [0, 0],
        'nft-storage': [0, 0],
      }),
    )
  })

  it('adds keys of its own to `info`, sets it to null, or leaves it out (#23, #27, #28)', async () => {
    const seen = await observeAll(async (service) => {
      const [pin] = service.seed(ALICE, [{ cid, status: 'failed' }])
      const { info } = (await ask(service, 'GET', path(pin?.requestId))).json
      return info ? Object.keys(info).sort() : info
    })

    expect(seen).toEqual(
      allBut<unknown>(undefined, {
        filebase: ['size'],
        pinata: ['pinata_pinjob_status'],
        'pinata-oldest-first': ['pinata_pinjob_status'],
        '4everland': ['dag_size', 'failed_message', 'failed_reason'],
        'ipfs-cluster': ['source', 'warning1'],
        'filecoin-pin': ['blocks_written', 'car_file_path', 'missing_blocks', 'status', 'total_size'],
        estuary: null,
        'quicknode-shapes': ['pinned', 'size'],
      }),
    )
  })

  it('leaks fields that no client should pass on (#27)', async () => {
    const seen = await observeAll(async (service) => {
      service.seed(ALICE, [{ cid }])
      const [item] = (await ask(service, 'GET', '/pins?status=pinned&limit=10')).json.results
      const known = ['requestid', 'requestId', 'status', 'created', 'pin', 'delegates', 'info']
      const knownOfPin = ['cid', 'name', 'origins', 'meta']
      return [
        ...Object.keys(item).filter((key) => !known.includes(key)),
        ...Object.keys(item.pin).filter((key) => !knownOfPin.includes(key)),
      ]
    })

    expect(seen).toEqual(allBut<string[]>([], { 'web3-storage': ['_id', 'authKey', 'pins'], estuary: ['content'] }))
  })

  it('shows a secret as text after a POST, and as an unsafe number in a list (#27)', async () => {
    const seen = await observeAll(async (service) => {
      const posted = (await ask(service, 'POST', '/pins', { cid })).json
      service.seed(ALICE, [{ cid: exampleCid(2) }])
      const [listed] = (await ask(service, 'GET', '/pins?status=pinned')).json.results
      return [typeof posted.pin.authKey, Number.isSafeInteger(listed?.pin.authKey ?? 0)]
    })

    expect(seen['web3-storage']).toEqual(['string', false])
  })

  it('makes a second pin of a repeated POST, overwrites the first, or refuses (#18, #43)', async () => {
    const seen = await observeAll(async (service) => {
      await ask(service, 'POST', '/pins', { cid, name: 'one' })
      const { status } = await ask(service, 'POST', '/pins', { cid, name: 'two' })
      return [status >= 400, service.pins(ALICE).map((pin) => pin.name)]
    })

    expect(seen).toEqual(
      allBut<unknown[]>([false, ['one', 'two']], {
        pinata: [true, ['one']],
        'pinata-oldest-first': [true, ['one']],
        'ipfs-cluster': [false, ['two']],
        'nft-storage': [false, ['two']],
      }),
    )
  })

  it('takes private origins, or refuses them (#42)', async () => {
    const seen = await observeAll(async (service) => {
      const origins = [origin.replace('203.0.113.9', '192.168.1.2')]
      const { status, json } = await ask(service, 'POST', '/pins', { cid, origins })
      return status >= 400 ? json.error.reason : 'taken'
    })

    expect(seen).toEqual(allBut('taken', { pinata: 'INVALID_ORIGINS', 'pinata-oldest-first': 'INVALID_ORIGINS' }))
  })

  it('refuses more than 20 origins, a longer name than 255, and meta that is no text (#42)', async () => {
    const seen = await observeAll(async (service) =>
      Promise.all(
        [{ origins: Array(21).fill(origin) }, { name: 'x'.repeat(256) }, { meta: { a: 1 } }].map(
          async (wrong) => (await ask(service, 'POST', '/pins', { cid, ...wrong })).status,
        ),
      ),
    )

    expect(seen).toEqual(allBut([400, 400, 400], {}))
  })

  it('ignores unknown fields, or refuses them; a missing CID is 400 or 422 (#41)', async () => {
    const seen = await observeAll(async (service) => [
      (await ask(service, 'POST', '/pins', { cid, extra: 1 })).status < 300,
      (await ask(service, 'POST', '/pins', { name: 'n' })).status,
    ])

    expect(seen).toEqual(allBut<unknown[]>([true, 400], { functionland: [false, 422] }))
  })

  it('moves pins from queued to pinned, but for one that waits for ever; a failed one stays or recovers (#44)', async () => {
    const seen = await observeAll(async (service) => {
      const pins = service.seed(ALICE, [
        { cid },
        { cid: exampleCid(2), status: 'queued' },
        { cid: exampleCid(3), status: 'failed' },
      ])
      service.seed(ALICE, [{ cid, status: 'queued', requestId: 'again' }])
      for (let step = 0; step < 3; step++) service.advance(ALICE)
      const after = service.pins(ALICE)
      return [...pins.slice(1).map(({ requestId }) => requestId), 'again'].map(
        (requestId) => after.find((pin) => pin.requestId === requestId)?.status,
      )
    })

    expect(seen).toEqual(
      allBut(['pinned', 'failed', 'pinned'], {
        'helia-server': ['pinned', 'failed', 'queued'],
        'ipfs-cluster': ['pinned', 'pinned', 'pinned'],
      }),
    )
  })

  it('shows a compliant pin as the specification does', async () => {
    const seen = await observeAll(async (service) => {
      service.seed(BOB, [
        { cid, name: 'n', status: 'pinning', created: '2023-03-01T12:00:00Z', info: { status_details: 'x' } },
      ])
      return (await ask(service, 'GET', '/pins?status=pinning', undefined, BOB)).json
    })

    expect(seen.compliant).toEqual({
      count: 1,
      results: [
        {
          requestid: expect.any(String),
          status: 'pinning',
          created: '2023-03-01T12:00:00.000Z',
          pin: { cid, name: 'n' },
          delegates: [DELEGATE],
          info: { status_details: 'x' },
        },
      ],
    })
  })
})
