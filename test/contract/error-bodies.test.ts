import { expect, it } from 'vitest'
import { type ErrorCode, PinqlError } from '../../src/domain/errors.ts'
import { OPERATIONS } from '../support/every-operation.ts'
import { ERROR_BODY_FORMS } from '../support/providers/error-bodies.ts'
import { errorForm, startScriptedServer } from '../support/scripted-server.ts'
import { openClient } from '../support/upstream/open-client.ts'

const TOKEN = 'very-secret-token-4711'

/** Error codes of each status for bodies without a known message. Known messages have tests of their own. */
const CODES: Readonly<Record<number, readonly ErrorCode[]>> = {
  302: ['MALFORMED_RESPONSE'],
  400: ['BAD_REQUEST'],
  401: ['UNAUTHORIZED'],
  402: ['INSUFFICIENT_FUNDS'],
  403: ['UNAUTHORIZED'],
  // Of a list or an add it is no pin that was not found, and a web page is a wrong endpoint.
  404: ['PIN_NOT_FOUND', 'SERVICE_ERROR', 'MALFORMED_RESPONSE'],
  405: ['SERVICE_ERROR', 'MALFORMED_RESPONSE'],
  409: ['SERVICE_ERROR', 'INSUFFICIENT_FUNDS'],
  410: ['PIN_NOT_FOUND', 'SERVICE_ERROR'],
  415: ['SERVICE_ERROR'],
  422: ['BAD_REQUEST'],
  424: ['SERVICE_UNAVAILABLE'],
  429: ['RATE_LIMITED'],
  431: ['SERVICE_ERROR'],
  500: ['SERVICE_UNAVAILABLE'],
  502: ['SERVICE_UNAVAILABLE'],
  503: ['SERVICE_UNAVAILABLE'],
  504: ['SERVICE_UNAVAILABLE'],
}

it.each(ERROR_BODY_FORMS)(
  '#29 %s: every status becomes its error, with the words of the service and none of its secrets',
  async (form) => {
    await using upstream = await startScriptedServer()
    await using client = openClient({ name: 'one', endpoint: upstream.endpoint })
    const address = new URL(upstream.endpoint).host
    const details = `Something about ${TOKEN} at http://${address}/pins`

    for (const [status, codes] of Object.entries(CODES)) {
      for (const [operation, call] of Object.entries(OPERATIONS)) {
        upstream.reply(errorForm(form, Number(status), 'SOME_REASON', details))
        const error = await call(client, { token: TOKEN }, 'r1').catch((caught: unknown) => caught)

        const what = `${status} for ${operation}`
        expect(error, what).toBeInstanceOf(PinqlError)
        const { code, message } = error as PinqlError
        expect(codes, `${what} was ${code}`).toContain(code)
        const shown = `${message} ${JSON.stringify(error)} ${(error as PinqlError).stack}`
        expect(shown, what).not.toContain(TOKEN)
        expect(shown, what).not.toContain(address)
        expect(message, what).toContain('one')
      }
    }
    upstream.assertDone()
  },
)
