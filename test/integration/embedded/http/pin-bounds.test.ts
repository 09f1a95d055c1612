import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FailureBody } from '../../../../src/psa/print-failure.ts'
import { startTestEmbedded, type TestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

describe('the bounds of one pin', () => {
  const cid = 'f01550000'
  let service: TestEmbedded
  beforeAll(async () => {
    service = await startTestEmbedded()
  })
  afterAll(() => service[Symbol.asyncDispose]())

  it('takes metadata of 64 KiB, and keys of 255 characters', async () => {
    const { client } = service
    const meta = { ['k'.repeat(255)]: 'ü'.repeat((64 * 1024 - 262) / 2) }
    expect(Buffer.byteLength(JSON.stringify(meta))).toBe(64 * 1024)
    const { requestid } = await client.add({ cid, meta })
    expect((await client.get(requestid)).body.pin.meta).toEqual(meta)
  })

  it('names at most ten wrong fields of a body, and no long key as a whole', async () => {
    const meta = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}${'k'.repeat(200)}`, 1]))
    const { status, body } = await service.client.request<FailureBody>('POST', '/pins', { cid, meta })
    expect(status).toBe(400)
    expect(body.error.details).toMatch(/; 990 more$/)
    expect(body.error.details.length).toBeLessThan(2_500)
  })

  it.each([
    ['keys of metadata', { meta: Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`k${i}`, 'v'])) }],
    ['origins', { origins: Array(40_000).fill('/x') }],
    ['values of an unknown field', { other: Array(40_000).fill({}) }],
  ])('does not parse a body of 40,000 %s', async (_what, many) => {
    const { status, body } = await service.client.request<FailureBody>('POST', '/pins', { cid, ...many })
    expect(status).toBe(400)
    expect(body.error.details).toMatch(/^the body: expected JSON of at most 100 levels, 2040 values, got /)
  })

  it('answers 413 to a body over half a MiB', async () => {
    const answer = await service.client.request('POST', '/pins', { cid, meta: { a: 'x'.repeat(512 * 1024) } })
    expect(answer).toMatchObject({ status: 413, body: { error: { reason: 'PAYLOAD_TOO_LARGE' } } })
  })
})
