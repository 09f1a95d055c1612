import { describe, expect, it } from 'vitest'
import { ERROR_BODY_FORMS } from '../../support/providers/error-bodies.ts'
import {
  emptyBody,
  errorForm,
  html,
  hugeBody,
  json,
  redirect,
  reset,
  type ScriptedHandler,
  slowBody,
  stall,
  startScriptedServer,
  text,
  truncatedJson,
  wrongContentLength,
} from '../../support/scripted-server.ts'

const document = { count: 1, results: ['a pin'] }

/** Asks as a client. Returns status, type and text, or the code of the failure behind `fetch failed`. */
async function meet(handler: ScriptedHandler, signal?: AbortSignal) {
  await using upstream = await startScriptedServer()
  upstream.reply(handler)
  try {
    const response = await fetch(`${upstream.endpoint}/pins`, { redirect: 'manual', ...(signal && { signal }) })
    const { status, headers } = response
    const type = headers.get('content-type')
    const body = await response.text()
    upstream.assertDone()
    return { status, type, body, headers }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return { failure: cause?.code ?? name }
  }
}

describe('startScriptedServer', () => {
  it('answers in the order of its script, and keeps whole requests', async () => {
    await using upstream = await startScriptedServer()
    upstream.reply(json(200, document), text(503, 'later'))
    const first = await fetch(`${upstream.endpoint}/pins/a%2Fb?limit=3`, {
      method: 'POST',
      body: 'sent',
      headers: { authorization: 'Bearer t' },
    })
    const second = await fetch(upstream.endpoint)

    expect([first.status, await first.json(), second.status, await second.text()]).toEqual([
      200,
      document,
      503,
      'later',
    ])
    expect(
      upstream.requests.map(({ method, path, query, headers, body }) => [
        method,
        path,
        Object.fromEntries(query),
        headers.authorization,
        body,
      ]),
    ).toEqual([
      ['POST', '/pins/a%2Fb', { limit: '3' }, 'Bearer t', 'sent'],
      ['GET', '/', {}, undefined, ''],
    ])
    upstream.assertDone()
  })

  it('answers 500 to a request that is not in the script, and fails the test', async () => {
    await using upstream = await startScriptedServer()
    const { status } = await fetch(`${upstream.endpoint}/pins`)

    expect([status, upstream.unscripted.length]).toEqual([500, 1])
    expect(() => upstream.assertDone()).toThrow('Expected no unscripted request, got GET /pins')
  })

  it('fails the test when a scripted answer was not requested', async () => {
    await using upstream = await startScriptedServer()
    upstream.reply(json(200, {}))

    expect(() => upstream.assertDone()).toThrow('Expected 1 more requests')
  })

  it('fails the test when a handler of the test fails', async () => {
    await using upstream = await startScriptedServer()
    upstream.reply(() => {
      throw new TypeError('a bug in a test')
    })
    await expect(fetch(upstream.endpoint)).rejects.toThrow('fetch failed')

    expect(() => upstream.assertDone()).toThrow('A scripted handler failed')
  })
})

describe('a scripted answer', () => {
  it('is JSON, text, HTML or empty, with the headers given', async () => {
    expect(await meet(json(429, document, { 'retry-after': '7' }))).toMatchObject({
      status: 429,
      type: 'application/json',
      body: JSON.stringify(document),
    })
    expect((await meet(json(429, {}, { 'retry-after': '7' }))).headers?.get('retry-after')).toBe('7')
    expect(await meet(text(200, 'OK'))).toMatchObject({ status: 200, type: 'text/plain', body: 'OK' })
    expect(await meet(html(200, '<p>'))).toMatchObject({ status: 200, type: 'text/html', body: '<p>' })
    expect(await meet(emptyBody(202, { 'content-type': 'application/json' }))).toMatchObject({
      status: 202,
      type: 'application/json',
      body: '',
    })
  })

  it('is half of a JSON document, ended properly', async () => {
    const { body } = await meet(truncatedJson(200, document))

    expect(body).toBe(JSON.stringify(document).slice(0, 15))
    expect(() => JSON.parse(body ?? '')).toThrow(SyntaxError)
  })

  it('is a redirect', async () => {
    const { status, headers } = await meet(redirect('https://elsewhere.example/pins'))

    expect([status, headers?.get('location')]).toEqual([302, 'https://elsewhere.example/pins'])
  })

  it('is a reset, before or within the body', async () => {
    expect(await meet(reset())).toEqual({ failure: 'ECONNRESET' })
    expect(await meet(reset('{"count":'))).toEqual({ failure: 'ECONNRESET' })
  })

  it('never comes, or never ends', async () => {
    expect(await meet(stall(), AbortSignal.timeout(50))).toEqual({ failure: 'TimeoutError' })
    expect(await meet(stall('{"count":'), AbortSignal.timeout(50))).toEqual({ failure: 'TimeoutError' })
  })

  it('comes slowly', async () => {
    const start = performance.now()
    const { body } = await meet(slowBody(200, document, { chunkBytes: 10, everyMs: 20 }))

    // Four pieces; timers may fire up to a millisecond early.
    expect([body, performance.now() - start >= 76]).toEqual([JSON.stringify(document), true])
  })

  it('is as huge as asked, and valid', async () => {
    const { body } = await meet(hugeBody(200, 3_000_000))

    expect([body?.length, typeof JSON.parse(body ?? '')]).toEqual([3_000_000, 'string'])
  })

  it('is shorter or longer than announced', async () => {
    expect(await meet(wrongContentLength(200, document))).toEqual({ failure: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' })
    const { body } = await meet(wrongContentLength(200, document, -10))
    expect(body).not.toBe(JSON.stringify(document))
  })

  it('is an error in any of the twelve forms', async () => {
    const seen: Record<string, unknown> = {}
    for (const form of ERROR_BODY_FORMS) {
      const { type, body } = await meet(errorForm(form, 400, 'REASON', 'A sentence'))
      seen[form] = [type, body]
    }
    const type = 'application/json'

    expect(seen).toEqual({
      reasonAndDetails: [type, '{"error":{"reason":"REASON","details":"A sentence"}}'],
      reasonOnly: [type, '{"error":{"reason":"A sentence"}}'],
      detailsOnly: [type, '{"error":{"details":"A sentence"}}'],
      bareReasonAndDetails: [type, '{"reason":"REASON","details":"A sentence"}'],
      codeAndMessage: [type, '{"code":"REASON","message":"A sentence"}'],
      notOk: [type, '{"ok":false,"error":{"code":"REASON","message":"A sentence"}}'],
      capitalError: [type, '{"Error":"A sentence"}'],
      jsonString: [type, '"A sentence"'],
      htmlPage: ['text/html; charset=UTF-8', expect.stringMatching(/^<!DOCTYPE html>.*<h1>A sentence<\/h1>/)],
      htmlBadRequest: ['text/html; charset=utf-8', 'Bad Request'],
      empty: [null, ''],
      plainText: ['text/plain; charset=utf-8', '400 A sentence'],
    })
  })
})
