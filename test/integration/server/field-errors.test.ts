import { once } from 'node:events'
import { createConnection } from 'node:net'
import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../src/domain/errors.ts'
import { deferred } from '../../support/deferred.ts'
import { rejectOnAbort } from '../../support/reject-on-abort.ts'
import { type ResolverContext, startTestServer } from '../../support/start-test-server.ts'

async function ask(url: string, query: string) {
  const headers = { 'content-type': 'application/json', 'x-request-id': 'request-1' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return { status: response.status, body: await response.json() }
}

describe('an error that leaves a field', () => {
  it('reaches the client with code and details when it is one of the domain, and the rest of the answer arrives', async () => {
    await using server = await startTestServer({
      limited: () => {
        throw new RateLimitedError('filebase', 1_500)
      },
      fine: () => 'fine',
    })
    expect(await ask(server.url, '{ limited fine }')).toEqual({
      status: 200,
      body: {
        data: { limited: null, fine: 'fine' },
        errors: [
          {
            message: 'filebase allows no further request for 1500 ms',
            locations: [{ line: 1, column: 3 }],
            path: ['limited'],
            extensions: { code: 'RATE_LIMITED', service: 'filebase', retryAfterMs: 1_500 },
          },
        ],
      },
    })
    expect(server.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('is masked when it is a bug, and logged once with the request id and its stack', async () => {
    await using server = await startTestServer({
      buggy: () => {
        throw new TypeError('secret detail')
      },
    })
    const { body } = await ask(server.url, '{ buggy }')
    expect(body).toEqual({
      data: { buggy: null },
      errors: [
        {
          message: 'Unexpected error.',
          locations: [{ line: 1, column: 3 }],
          path: ['buggy'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1' },
        },
      ],
    })
    const errors = server.logged.filter(({ level }) => level === 'error')
    expect(errors).toMatchObject([
      { requestId: 'request-1', path: ['buggy'], err: { type: 'TypeError', message: 'secret detail' } },
    ])
    expect(JSON.stringify(errors[0])).toContain('field-errors.test.ts')
  })
})

describe('a request', () => {
  it('that takes too long is aborted, and says so where it was', async () => {
    await using server = await startTestServer(
      { slow: ({ signal }) => rejectOnAbort(signal) },
      { requestTimeoutMs: 100 },
    )
    const { status, body } = await ask(server.url, '{ slow }')
    expect(status).toBe(200)
    expect(body.errors).toMatchObject([{ path: ['slow'], extensions: { code: 'REQUEST_TIMEOUT', timeoutMs: 100 } }])
    expect(server.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('whose client goes away is aborted, and is no error in the log', async () => {
    const seen = deferred<ResolverContext>()
    await using server = await startTestServer({
      slow: (context) => {
        seen.resolve(context)
        return rejectOnAbort(context.signal)
      },
    })
    const { port } = new URL(server.url)
    const body = JSON.stringify({ query: '{ slow }' })
    const socket = createConnection(Number(port), '127.0.0.1')
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    const { signal } = await seen.promise
    const aborted = once(signal, 'abort')
    socket.destroy()
    await aborted
    await expect.poll(() => server.logged.filter(({ msg }) => msg === 'request')).toMatchObject([{ aborted: true }])
    expect(server.logged.filter(({ level }) => level === 'error')).toEqual([])
  })
})
