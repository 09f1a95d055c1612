import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WAYS_IN } from '../../support/gateway/ways-in.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

// A proxy that makes `Host: 127.0.0.1` of every host name lets strangers in as if they were on this machine.

const SIGNS = {
  forwarded: 'for=203.0.113.9;host=pins.example.com',
  via: '1.1 proxy.example.com',
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-host': 'pins.example.com',
  'x-forwarded-prefix': '/pins',
  'x-forwarded-proto': 'https',
  'x-real-ip': '203.0.113.9',
}

describe('a gateway that only this machine should reach', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
  })
  afterAll(() => gateway[Symbol.asyncDispose]())

  describe.each(Object.keys(WAYS_IN))('asked by %s', (way) => {
    const ask = (headers: Record<string, string>) => {
      const enter = WAYS_IN[way]
      if (!enter) throw new Error(`There is no way in named ${way}`)
      return enter(gateway.url, headers)
    }

    it('serves this machine', async () => {
      expect([101, 200]).toContain((await ask({})).status)
    })

    it.each(Object.entries(SIGNS))('refuses a request with %s, and says what to set', async (name, value) => {
      const { status, body } = await ask({ [name]: value })
      expect({ status, body }).toEqual({ status: 403, body: expect.stringContaining(`got the header ${name}. `) })
      expect(body).toContain('set allowedHosts')
      expect(body).not.toContain(value)
    })
  })

  it('still answers the health checks of a proxy', async () => {
    for (const path of ['/health', '/ready']) {
      const { status } = await fetch(new URL(path, gateway.url), { headers: { 'x-forwarded-for': '203.0.113.9' } })
      expect(status).toBe(200)
    }
  })
})

it('serves through a proxy whose public name is in allowedHosts', async () => {
  await using gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9', allowedHosts: ['pins.example.com'] })
  const headers = { ...SIGNS, host: 'pins.example.com' }
  for (const way of ['POST of a known length', 'an event stream', 'a WebSocket'])
    expect([101, 200]).toContain((await WAYS_IN[way]?.(gateway.url, headers))?.status)
})
