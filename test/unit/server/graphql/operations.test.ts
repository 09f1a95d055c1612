import { expect, it, vi } from 'vitest'
import { createSchema } from '../../../../src/schema/schema.ts'
import { Documents } from '../../../../src/server/graphql/documents.ts'
import type { Executor } from '../../../../src/server/graphql/executor.ts'
import { Operations } from '../../../../src/server/graphql/operations.ts'
import { deferred } from '../../../support/deferred.ts'

it('reports the error, and watches nothing, if variables are nested too deeply to be compared', async () => {
  const subscribe = vi.fn()
  const operations = new Operations({
    documents: new Documents(createSchema(), { maxBytes: 65_536 }),
    subscribe,
  } as unknown as Executor)
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
  const caller = { key: 'a', sharingKey: 'a', tokenFor: () => null }
  const failed = deferred<unknown>()
  const subscriber = {
    next: vi.fn(),
    ready: async () => {},
    complete: vi.fn(),
    fail: (error: unknown) => failed.resolve(error),
  }
  const request = { query: 'subscription { pinsChanged { kind } }', variables: { deep } }
  operations.start(request, { caller, requestId: 'r', address: '' }, subscriber)
  expect(await failed.promise).toBeInstanceOf(RangeError)
  expect([subscribe.mock.calls, subscriber.next.mock.calls, operations.cohorts]).toEqual([[], [], 0])
})
