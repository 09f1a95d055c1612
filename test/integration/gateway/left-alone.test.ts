import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  ERROR_FIELDS,
  type ErrorParts,
  failedPayload,
  shownError,
  thrownError,
} from '../../support/gateway/expected-errors.ts'
import { OPERATION_DOCUMENTS } from '../../support/gateway/operation-documents.ts'
import { idOf, requestsAt, type Setup, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

afterEach(() => vi.restoreAllMocks())

const failed: ErrorParts = {
  code: 'SERVICE_UNAVAILABLE',
  message: 'one answered 500 INTERNAL_SERVER_ERROR: Something went wrong',
  service: 'one',
  mayHaveActed: false,
}
const leftAlone: ErrorParts = {
  ...failed,
  message: 'one is down and is left alone for a moment',
  retryAfterMs: expect.toSatisfy((ms) => Number.isInteger(ms) && ms > 0 && ms <= 1000),
}

/** Reads a pin of a service that fails `failures` times. */
async function readFailing({ service, api }: Setup, failures: number) {
  service.breakNext(failures)
  return api.query(OPERATION_DOCUMENTS.pin, { requestId: 'r' })
}

describe('retryAfterMs of SERVICE_UNAVAILABLE', () => {
  it('is null as long as the service is asked, and known once it is left alone, whatever is asked for', async () => {
    // Retries wait a random part of their time.
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await using setup = await startSetup()
    const { service, api } = setup
    const once = { data: { result: null }, errors: [thrownError(failed, 'result')] }

    // A read is sent three times; the fifth failure in a row is the last one that the service sees.
    expect(await readFailing(setup, 3)).toEqual(once)
    expect(await readFailing(setup, 2)).toEqual(once)
    expect(service.count()).toBe(5)
    service.resetLog()

    const id = idOf({ requestId: 'r', cid: exampleCid(1) })
    const cid = exampleCid(1)
    const answers = {
      pin: await api.query(OPERATION_DOCUMENTS.pin, { requestId: 'r' }),
      pins: await api.query(OPERATION_DOCUMENTS.pins),
      add: await api.query(OPERATION_DOCUMENTS.addPin, { input: { cid } }),
      replace: await api.query(OPERATION_DOCUMENTS.replacePin, { input: { id, name: 'new' } }),
      remove: await api.query(OPERATION_DOCUMENTS.removePin, { input: { id } }),
      below: await api.query(
        `query ($cid: CID!) {
          services { pinCounts { pinned error { ${ERROR_FIELDS} } } }
          content(cid: $cid) { services { error { ${ERROR_FIELDS} } } }
        }`,
        { cid },
      ),
    }
    const error = shownError(leftAlone)
    expect(answers).toEqual({
      pin: { data: { result: null }, errors: [thrownError(leftAlone, 'result')] },
      pins: { data: null, errors: [thrownError(leftAlone, 'result')] },
      add: { data: { result: failedPayload(leftAlone) } },
      replace: { data: { result: failedPayload(leftAlone, { replacedId: null }) } },
      remove: { data: { result: { pinId: id, pin: null, error } } },
      below: { data: { services: [{ pinCounts: { pinned: null, error } }], content: { services: [{ error }] } } },
    })
    expect(requestsAt(service)).toEqual([])
  })

  it('is how long it lasts until the service is asked again', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await using setup = await startSetup()
    const { service, api } = setup
    await readFailing(setup, 3)
    await readFailing(setup, 2)
    service.resetLog()

    const [error] = (await api.query(OPERATION_DOCUMENTS.pin, { requestId: 'r' })).errors ?? []
    const endsAt = performance.now() + Number(error?.extensions?.retryAfterMs)
    await expect
      .poll(() => api.query(OPERATION_DOCUMENTS.pin, { requestId: 'r' }), { interval: 20 })
      .toMatchObject({ errors: [{ extensions: { code: 'PIN_NOT_FOUND' } }] })

    // To the millisecond up, and the request that was let through took a moment.
    expect(performance.now()).toBeGreaterThan(endsAt - 2)
    expect(requestsAt(service)).toEqual(['GET /pins/r'])
  })
})
