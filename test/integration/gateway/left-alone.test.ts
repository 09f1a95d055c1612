import { expect, it } from 'vitest'
import { type ErrorParts, failedPayload, shownError, thrownError } from '../../support/gateway/expected-errors.ts'
import { OPERATION_DOCUMENTS } from '../../support/gateway/operation-documents.ts'
import { idOf, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

const TIMEOUT_MS = 1000
const HEALTH = '{ services { health { state } } }'

/** A call that was sent says how it failed. */
const failed: ErrorParts = {
  code: 'SERVICE_UNAVAILABLE',
  message: expect.stringMatching(/^one could not be reached: /),
  service: 'one',
  mayHaveActed: false,
}
const leftAlone: ErrorParts = {
  ...failed,
  message: 'one is down and is left alone for a moment',
  retryAfterMs: expect.toSatisfy((ms) => Number.isInteger(ms) && ms > 0 && ms <= 1000),
}

it('a service that is down gets trials only, and calls that were not sent report the time of the next trial', async () => {
  await using setup = await startSetup({ timeoutMs: TIMEOUT_MS })
  const { service, api } = setup
  // No answer at all: after three answers with a failure, a change would be the next trial.
  service.hooks.beforeReply = () => 'drop'
  expect(await api.query(OPERATION_DOCUMENTS.pin, { requestId: 'r' })).toEqual({
    data: { result: null },
    errors: [thrownError(failed, 'result')],
  })
  service.resetLog()

  const id = idOf({ requestId: 'r', cid: exampleCid(1) })
  const cid = exampleCid(1)
  const BELOW = `query ($cid: CID!) {
    services { pinCounts { pinned error { code } } }
    content(cid: $cid) { services { error { code } } }
  }`
  const answers = await Promise.all([
    api.query(OPERATION_DOCUMENTS.addPin, { input: { cid } }),
    api.query(OPERATION_DOCUMENTS.removePin, { input: { id } }),
    api.query(OPERATION_DOCUMENTS.replacePin, { input: { id, cid } }),
    api.query(OPERATION_DOCUMENTS.pins),
    api.query(BELOW, { cid }),
  ])
  const { code } = failed
  expect(answers).toEqual([
    { data: { result: failedPayload(leftAlone) } },
    { data: { result: { pinId: id, pin: null, error: shownError(leftAlone) } } },
    { data: { result: { ...failedPayload(leftAlone), replacedId: null } } },
    // A read that was a trial says how it failed.
    { data: null, errors: [expect.objectContaining({ extensions: expect.objectContaining({ code }) })] },
    {
      data: {
        services: [{ pinCounts: { pinned: null, error: { code } } }],
        content: { services: [{ error: { code } }] },
      },
    },
  ])
  expect(new Set(service.requests.map(({ method }) => method))).toEqual(new Set(['GET']))
  // Half a second of trials, at least a quarter of a second apart.
  expect(service.count()).toBeLessThanOrEqual(5)
})

it('waiting calls are answered as soon as the service is back', async () => {
  await using setup = await startSetup()
  const { service, api } = setup
  service.breakNext(1000)
  const pin = api.query(OPERATION_DOCUMENTS.pin, { requestId: 'r' })
  await expect.poll(async () => (await api.query(HEALTH)).data.services[0].health.state).toBe('DOWN')
  const waiting = [
    api.query(OPERATION_DOCUMENTS.addPin, { input: { cid: exampleCid(1) } }),
    api.query(OPERATION_DOCUMENTS.pins),
  ]
  await expect
    .poll(async () => (await api.query('{ services { health { state } } }')).data.services[0].health.state)
    .toBe('DOWN')
  service.breakNext(0)
  const [add, pins] = await Promise.all(waiting)
  expect(await pin).toMatchObject({ errors: [{ extensions: { code: 'PIN_NOT_FOUND' } }] })
  expect(add).toMatchObject({ data: { result: { error: null } } })
  expect(pins?.errors).toBe(undefined)
  expect(service.count('POST')).toBe(1)
})
