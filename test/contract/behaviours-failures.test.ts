import { describe, expect, it } from 'vitest'
import {
  InsufficientFundsError,
  MalformedResponseError,
  ServiceUnavailableError,
  UnauthorizedError,
} from '../../src/domain/errors.ts'
import { expectInTime } from '../support/expect-in-time.ts'
import { crust } from '../support/providers/crust.ts'
import type { EmulatedPin } from '../support/providers/emulated-pin.ts'
import { startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { estuary } from '../support/providers/estuary.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { filebase } from '../support/providers/filebase.ts'
import { filecoinPin } from '../support/providers/filecoin-pin.ts'
import { functionland } from '../support/providers/functionland.ts'
import { ipfsCluster } from '../support/providers/ipfs-cluster.ts'
import { nftStorage } from '../support/providers/nft-storage.ts'
import { pinata } from '../support/providers/pinata.ts'
import { json, startScriptedServer } from '../support/scripted-server.ts'
import { openClient } from '../support/upstream/open-client.ts'
import { ALL, seed, stranger } from '../support/zoo/seed-and-drain.ts'
import { ALICE, BOB, startZooCase } from '../support/zoo/start-zoo-case.ts'

describe('refusals and failures', () => {
  it('#30 treats a web page with 200 as a wrong endpoint, also for a removal', async () => {
    await using service = await startEmulatedProvider(nftStorage)
    await using upstream = await startScriptedServer()
    upstream.reply((response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'))
    await using wrong = openClient({ name: 'one', endpoint: `${service.endpoint}/api` })
    await using page = openClient({ name: 'one', endpoint: upstream.endpoint })

    const list = wrong.listPins({ ...ALL, limit: 10 }, { token: ALICE })
    await expect(list).rejects.toThrow(/with an HTML page: check its endpoint$/)
    await expect(wrong.getPin('x', { token: ALICE })).rejects.toThrow(MalformedResponseError)
    await expect(page.removePin('x', { token: ALICE })).rejects.toThrow(/a web page: check its endpoint$/)
  })

  it.each([
    [filecoinPin, 'wrong', UnauthorizedError],
    [estuary, 'wrong', UnauthorizedError],
    [filebase, BOB, InsufficientFundsError],
  ])('#31 reads 403 as what it means: $name with the token %s', async (profile, token, errorClass) => {
    await using started = await startZooCase({ profile, provider: stranger }, { unpaidTokens: [BOB] })
    const list = started.registry.tenant('one', token).reads.listPins({ ...ALL, limit: 1 })
    await expect(list).rejects.toThrow(errorClass)
  })

  it('#31 treats 401 for the pin of another token, and 400 for a missing token, as UNAUTHORIZED', async () => {
    await using started = await startZooCase({ profile: functionland, provider: 'functionland' })
    const [foreign] = started.service.seed(BOB, [{ cid: exampleCid(1) }]) as [EmulatedPin]
    await expect(started.tenant.getPin(foreign.requestId)).rejects.toThrow(UnauthorizedError)

    await using upstream = await startScriptedServer()
    upstream.reply(json(400, { error: { reason: 'KEYS_MUST_BE_STRINGS', details: 'pinata_api_key must be a string' } }))
    await using client = openClient({ name: 'one', endpoint: upstream.endpoint })
    await expect(client.listPins({ ...ALL, limit: 1 }, { token: ALICE })).rejects.toThrow(UnauthorizedError)
  })

  it('#32 sends no filter that makes a service fail, and treats its 500 as a failure', async () => {
    await using started = await startZooCase({ profile: ipfsCluster, provider: 'ipfs-cluster' })
    seed(started.service, 3)
    const query = { ...ALL, name: '', meta: { 'a "b"': '\n' }, before: '2030-01-01T00:00:00.123456789+05:30' }
    expect(await started.tenant.collectPins(query)).toEqual([])
    expect(started.service.requests.map(({ status }) => status)).toEqual([200])
    await using client = openClient({ name: 'one', endpoint: started.service.endpoint })
    const wrong = client.listPins({ ...ALL, before: 'yesterday', limit: 1 }, { token: ALICE })
    await expect(wrong).rejects.toThrow(ServiceUnavailableError)
  })

  it('#33 waits as long as a 429 asks, and uses the counters of a single node for that node only', async () => {
    await using started = await startZooCase(
      { profile: pinata, provider: 'pinata' },
      { rateRules: 'as documented', settings: { limits: undefined } },
    )
    seed(started.service, 3)
    expect(await started.tenant.collectPins(ALL)).toHaveLength(3)
    started.service.hooks.beforeReply = () => ({
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '60' },
      body: '{}',
    })
    await expect(started.tenant.getPin('x')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(started.service.count('GET', '/pins/x')).toBe(1)
  })

  it('#34 fails at its deadline if no answer arrives', async () => {
    await using started = await startZooCase({ profile: crust, provider: 'crust' }, { timeoutMs: 300 })
    started.service.breakNext(10)
    await expectInTime({ timeoutMs: 300 }, () =>
      expect(started.tenant.reads.listPins({ ...ALL, limit: 1 })).rejects.toThrow(/did not answer within \d+ ms$/),
    )
  })

  it('#48 takes a base URL with a path, a slash or a pasted `/pins`', async () => {
    await using service = await startEmulatedProvider(filebase)
    seed(service, 1)
    for (const tail of ['', '/', '/pins', '/pins/']) {
      await using client = openClient({ name: 'one', endpoint: `${service.endpoint}${tail}` })
      expect((await client.listPins({ ...ALL, limit: 10 }, { token: ALICE })).pins).toHaveLength(1)
    }
  })

  it('#49 keeps no cookie', async () => {
    await using started = await startZooCase({ profile: filebase, provider: 'filebase' })
    seed(started.service, 2)
    await started.tenant.collectPins(ALL)
    await started.tenant.getPin(started.service.pins(ALICE)[0]?.requestId as string)
    expect(started.service.requests.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined])
  })

  it('#50 reads a lone pin by its id, which is counted apart from lists', async () => {
    await using started = await startZooCase(
      { profile: pinata, provider: 'pinata' },
      { rateRules: 'as documented', settings: { limits: undefined } },
    )
    seed(started.service, 1)
    const { requestId, cid } = started.service.pins(ALICE)[0] as EmulatedPin
    await started.tenant.lookupPin({ service: 'one', requestId, cid })
    expect(started.service.requests.map(({ path }) => path)).toEqual([`/pins/${requestId}`])
    const usage = started.registry.get('one').limitUsage(started.tenant.key)
    expect(new Set(usage.map(({ endpoint }) => endpoint))).toEqual(new Set(['list', 'item', 'write']))
  })
})
