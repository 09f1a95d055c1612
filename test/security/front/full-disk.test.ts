import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { many } from '../../support/attacked/costly-operations.ts'
import { KNOWN, startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

const TOKEN = 'alice-token'
const ADDS = 300
const ADD = 'mutation ($i: AddPinInput!) { addPin(input: $i) { pin { requestId } error { code message } } }'
/** So long that a few records fill a page of the database. */
const META = Object.fromEntries(many(10, (n) => [`key ${n}`, 'x'.repeat(250)]))

interface Answer {
  readonly data: {
    readonly addPin: {
      readonly pin: { readonly requestId: string } | null
      readonly error: { readonly code: string; readonly message: string } | null
    }
  }
}

it('a disk that adds have filled harms nobody: adds are refused before they are sent, and made once there is room', async () => {
  await using service = await startEmulatedProvider(compliant)
  const services = { one: { endpoint: service.endpoint, token: TOKEN, ...KNOWN } }
  await using gateway = await startAttackedGateway({ services, canFillDisk: true })
  const fullDisk = join(gateway.folder, 'full-disk')
  const headers = { 'content-type': 'application/json' }
  const ask = async (operation: unknown): Promise<unknown> =>
    (await fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify(operation) })).json()
  const add = async (n: number) => {
    const input = { cid: exampleCid(n), name: `pin ${n}`, meta: META, idempotencyKey: `key ${n}` }
    const { data } = (await ask({ query: ADD, variables: { i: input } })) as Answer
    return data.addPin
  }
  const numbers = many(ADDS, (n) => n)

  let results: Awaited<ReturnType<typeof add>>[] = []
  const broken = await gateway.brokenPromises(async () => {
    expect(await add(0)).toMatchObject({ error: null })
    await writeFile(fullDisk, '')
    results = await Promise.all(numbers.map(add))
    expect(await ask({ query: '{ pins { totalCount } }' })).toEqual({
      data: { pins: { totalCount: service.pins(TOKEN).length } },
    })
  })
  expect(broken).toEqual([])
  const refused = results.filter(({ error }) => error !== null)
  expect(refused.length).toBeGreaterThan(ADDS / 2)
  expect(new Set(refused.map(({ error }) => `${error?.code}: ${error?.message}`))).toEqual(
    new Set([
      'SERVICE_UNAVAILABLE: one was not asked for a change: the gateway cannot keep its records of changes (the disk is full)',
    ]),
  )
  expect(service.pins(TOKEN).length).toBe(ADDS - refused.length)

  await rm(fullDisk)
  const later = await Promise.all(numbers.map(add))
  expect(later.filter(({ error }) => error !== null)).toEqual([])
  expect(service.pins(TOKEN).length).toBe(ADDS)
  for (const [n, { pin }] of results.entries()) if (pin) expect(later[n]).toMatchObject({ pin })
})
