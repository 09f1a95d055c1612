import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observability/logger.ts'

const TOKEN = 'eyJhbGciOi.s3cret_/+=-tail'

function logged(secrets: readonly string[], write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = ''
  write(
    createLogger({
      level: 'trace',
      secrets,
      sink: {
        write: (line) => {
          text += line
        },
      },
    }),
  )
  return text
}

describe('a token that nobody configured', () => {
  it.each<[string, unknown]>([
    ['under the key token', { token: TOKEN }],
    ['under a key token at any depth', { a: { b: [{ services: { x: { token: TOKEN } } }] } }],
    ['in a list of tokens', { tokens: [TOKEN, TOKEN] }],
    ['in an Authorization header', { headers: { Authorization: `Bearer ${TOKEN}` } }],
    ['in a header that came twice', { headers: { authorization: [`Bearer ${TOKEN}`, TOKEN] } }],
    ['in a header for one service', { headers: { 'x-pinning-token-filebase': TOKEN } }],
    ['in an error', { err: new Error(`GET /pins with Bearer ${TOKEN} failed`) }],
    ['in the cause of an error', { err: new Error('no', { cause: new Error(`authorization: ${TOKEN}`) }) }],
    [
      'in a field of an error',
      { err: Object.assign(new Error('no'), { request: { headers: { authorization: TOKEN } } }) },
    ],
    ['in dumped headers', { text: JSON.stringify({ 'x-pinning-token-a': TOKEN, authorization: `bearer ${TOKEN}` }) }],
  ])('is not logged %s', (_, fields) => {
    const text = logged([], (log) => log.info(fields, 'event'))
    expect(text).toContain('[redacted]')
    expect(text).not.toContain('s3cret')
    expect(JSON.parse(text)).toMatchObject({ level: 'info', msg: 'event' })
  })

  it('is not logged inside a message', () => {
    const text = logged([], (log) => {
      log.warn(`sent Authorization: Bearer ${TOKEN}, got 401`)
      log.warn(`sent x-pinning-token-filebase: ${TOKEN}`)
    })
    expect(text).not.toContain('s3cret')
    expect(text).toContain('got 401')
  })
})

describe('a configured token', () => {
  it('is not logged wherever it stands, whatever it is made of, and the line stays JSON', () => {
    const token = fc
      .stringMatching(/^[\x21-\x7e]{8,60}$/)
      .filter((text) => !'"level":"info","time":"msg"'.includes(text))
    fc.assert(
      fc.property(token, fc.string(), fc.string(), (secret, before, after) => {
        const text = logged([secret], (log) =>
          log.info({ [`key${secret}`]: `${before}${secret}${after}`, deep: [[secret]] }, `${before}${secret}${after}`),
        )
        expect(JSON.stringify(JSON.parse(text))).not.toContain(JSON.stringify(secret).slice(1, -1))
      }),
    )
  })

  it('is hidden whole when another token is its beginning', () => {
    expect(logged(['abcdefgh', 'abcdefgh-the-rest'], (log) => log.info('abcdefgh-the-rest'))).not.toContain('the-rest')
  })
})

it('leaves ordinary lines as they are', () => {
  const text = logged([TOKEN], (log) => log.info({ service: 'filebase', pins: 10, tokenless: true }, 'ordinary'))
  expect(JSON.parse(text)).toMatchObject({ service: 'filebase', pins: 10, tokenless: true, msg: 'ordinary' })
})

it('goes on where its lines cannot be written', () => {
  const sink = {
    write() {
      throw new Error('no space left')
    },
  }
  expect(() => createLogger({ level: 'info', secrets: [], sink }).error('x')).not.toThrow()
})
