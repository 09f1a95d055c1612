import { expect, it } from 'vitest'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const corsOrigins = ['https://app.example.com', 'https://*.example.org', 'loopback']

function preflight(endpoint: string, origin: string, more: Record<string, string> = {}) {
  return fetch(`${endpoint}/pins`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
      ...more,
    },
  })
}

const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'))

it.each(['https://app.example.com', 'https://a.b.example.org', 'http://localhost:5173'])(
  'answers the preflight of a page of %s, which brings no token',
  async (origin) => {
    await using service = await startTestEmbedded({ corsOrigins })
    const answer = await preflight(service.endpoint, origin)
    expect(answer.status).toBe(204)
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-expose-headers': 'retry-after',
      'access-control-max-age': '600',
      vary: 'origin',
    })
    const local = await preflight(service.endpoint, origin, { 'access-control-request-private-network': 'true' })
    expect(local.headers.get('access-control-allow-private-network')).toBe('true')
  },
)

it('lets pages of allowed origins read answers and refusals, and no others', async () => {
  await using service = await startTestEmbedded({ corsOrigins })
  const get = (path: string, headers: Record<string, string>) => fetch(`${service.endpoint}${path}`, { headers })
  const origin = 'https://app.example.com'
  const authorization = 'Bearer token-a'
  const answers = [
    await get('/pins', { origin, authorization }),
    await get('/pins', { origin }),
    await get('/pins?limit=x', { origin, authorization }),
    await get('/nothing', { origin, authorization }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 400, 404])
  for (const answer of answers)
    expect(corsOf(answer)).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' })

  const foreign = await get('/pins', { origin: 'https://evil.example.com', authorization })
  expect(foreign.status).toBe(200)
  expect(corsOf(foreign)).toEqual({ vary: 'origin' })
  expect((await preflight(service.endpoint, 'https://evil.example.com')).status).toBe(401)
})

it('allows no origin unless it is told to', async () => {
  await using service = await startTestEmbedded()
  const answer = await preflight(service.endpoint, 'http://localhost:5173')
  expect({ status: answer.status, cors: corsOf(answer) }).toEqual({ status: 401, cors: {} })
})
