import { expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import type { PinEventKind } from '../../../src/live/live-event.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createSchema } from '../../../src/schema/schema.ts'
import { createIdentifyByTokens } from '../../../src/server/caller/identify-by-tokens.ts'
import { Executor } from '../../../src/server/graphql/executor.ts'
import type { Message, Subscriber } from '../../../src/server/graphql/message.ts'
import { Operations } from '../../../src/server/graphql/operations.ts'
import { type LiveApi, startLiveApi, TOKEN } from '../../support/gateway/start-live-api.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

const QUERY = `subscription ($ids: [ID!]!, $kinds: [PinEventKind!]) {
  pinStatusChanged(ids: $ids, until: FOREVER, kinds: $kinds) { kind pinId pin { status } }
}`

/** Subscribes without a transport, as all transports do, and keeps the messages as they are handed out. */
async function startOperations({ registry, live }: LiveApi) {
  const log = createLogger({ level: 'error', secrets: [], sink: process.stderr })
  const executor = new Executor({
    schema: createSchema(),
    registry,
    live,
    requestTimeoutMs: 10_000,
    limits: parseConfig({}),
    log,
  })
  const operations = new Operations(executor)
  const identify = createIdentifyByTokens({ names: ['a'], defaultName: 'a' })
  const caller = await identify({ headers: { authorization: `Bearer ${TOKEN}` } })
  return {
    operations,
    subscribe(variables: Readonly<Record<string, unknown>>) {
      const messages: Message[] = []
      const subscriber: Subscriber = {
        next: (message) => void messages.push(message),
        ready: () => Promise.resolve(),
        complete() {},
        fail(error) {
          throw error
        },
      }
      const requester = { caller, requestId: 'test', address: '' }
      const running = operations.start({ query: QUERY, variables }, requester, subscriber)
      const kinds = (): PinEventKind[] => {
        return messages.map(({ payload }) => JSON.parse(payload.toString()).data.pinStatusChanged.kind)
      }
      return { messages, kinds, cancel: () => running.cancel() }
    },
  }
}

it('subscriptions with equal kinds share one execution and one encoding, and those with others have their own', async () => {
  await using setup = await startLiveApi(compliant)
  const { service, registry } = setup
  const pins = service.seed(TOKEN, [
    { cid: exampleCid(1), status: 'queued' },
    { cid: exampleCid(2), status: 'queued' },
  ])
  const ids = pins.map(({ requestId, cid }) => formatPinId({ service: 'a', requestId, cid: { text: cid } }))
  const { operations, subscribe } = await startOperations(setup)
  const choices = [['SNAPSHOT', 'STATUS_CHANGED'], ['STATUS_CHANGED'], ['REMOVED'], null]
  const pairs = choices.map((kinds) => [subscribe({ ids, kinds }), subscribe({ ids, kinds })] as const)
  // All have begun, and are members of four cohorts.
  await expect.poll(() => operations.cohorts).toBe(4)
  await expect.poll(() => pairs.map(([, { messages }]) => messages.length)).toEqual([2, 0, 0, 2])

  service.setStatus(TOKEN, pins[0]?.requestId ?? '', 'pinned')
  await expect.poll(() => pairs.map(([, { messages }]) => messages.length)).toEqual([3, 1, 0, 3])
  await registry.tenant('a', null).removePin(pins[1]?.requestId ?? '')
  await expect.poll(() => pairs.map(([, { messages }]) => messages.length)).toEqual([3, 1, 1, 4])

  const told = pairs.map(([first, second]) => [first.kinds(), second.kinds()])
  const expected = [
    ['SNAPSHOT', 'SNAPSHOT', 'STATUS_CHANGED'],
    ['STATUS_CHANGED'],
    ['REMOVED'],
    ['SNAPSHOT', 'SNAPSHOT', 'STATUS_CHANGED', 'REMOVED'],
  ]
  expect(told).toEqual(expected.map((kinds) => [kinds, kinds]))
  const changes = pairs.map((pair) => pair.map(({ messages }) => messages.filter((_, at) => at >= messages.length - 1)))
  const encoded = changes.map((pair) => pair.map(([message]) => message?.payload))
  for (const [first, second] of encoded) expect(first).toBe(second)
  expect(new Set(encoded.flat()).size).toBe(4)
  for (const pair of pairs) for (const { cancel } of pair) cancel()
  expect(operations.cohorts).toBe(0)
})
