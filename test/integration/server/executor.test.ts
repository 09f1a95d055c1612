import type { ExecutionResult } from 'graphql'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createSchema } from '../../../src/schema/schema.ts'
import { Executor } from '../../../src/server/graphql/executor.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'
import { seedPins } from '../../support/gateway/start-setup.ts'
import { createInformers } from '../../support/live-informers.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { ALICE } from '../../support/start-test-api.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'

async function start() {
  const service = await startEmulatedProvider(compliant)
  seedPins(service, 3)
  const settings = [{ name: 'one', endpoint: service.endpoint, token: ALICE, provider: null }]
  const registry = createTestRegistry(settings, 'one')
  const live = createInformers()
  const log = createLogger({ level: 'silent', secrets: [], sink: { write: () => {} } })
  const executor = new Executor({
    schema: createSchema(),
    registry,
    live,
    requestTimeoutMs: 10_000,
    limits: parseConfig({}),
    log,
  })
  return {
    service,
    executor,
    runOf: (query: string) => ({
      document: executor.documents.parse(query),
      caller: { key: 'anyone', tokenFor: () => null },
      requestId: 'r',
    }),
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

it('keeps a whole result until it is encoded, and then empties its lists', async () => {
  await using setup = await start()
  const { executor, runOf } = setup
  const run = runOf('{ pins(first: 3) { nodes { name meta origins } pageInfo { hasNextPage } } }')
  const texts = new Set<string>()
  // The third time, it runs compiled.
  for (let use = 1; use <= 3; use++) {
    const kept: ExecutionResult[] = []
    const text = await executor.answer(run, { signal: new Stop() }, (result) => {
      kept.push(result)
      return JSON.stringify(result)
    })
    texts.add(text)
    expect(kept[0]?.data?.pins).toEqual({ nodes: [], pageInfo: { hasNextPage: false } })
  }
  expect([...texts].map((text) => JSON.parse(text).data.pins.nodes.length)).toEqual([3])
  // Whoever keeps the result has it whole.
  const { data } = await executor.run(run, { signal: new Stop() })
  expect(JSON.parse(JSON.stringify({ data }))).toEqual(JSON.parse([...texts].join()))
})

it('keeps no variables that an operation does not declare', async () => {
  await using setup = await start()
  const { executor, runOf } = setup
  const run = { ...runOf('query ($first: Int!) { pins(first: $first) { nodes { name } } }'), operationName: null }
  const variables: Record<string, unknown> = { first: 2, others: Array.from({ length: 2_000 }, () => ({})), x: 1 }
  const answered = executor.run({ ...run, variables }, { signal: new Stop() })
  expect(variables).toEqual({ first: 2 })
  expect((await answered).data?.pins).toMatchObject({ nodes: { length: 2 } })
  const watched = { first: 2, x: [{}] }
  const live = await executor.subscribe({ ...runOf('subscription { pinsChanged { kind } }'), variables: watched })
  expect(watched).toEqual({})
  if (Symbol.asyncIterator in live) await live.return()
})

it('sends no request for an operation whose client has left before', async () => {
  await using setup = await start()
  const { executor, runOf, service } = setup
  const signal = new Stop()
  signal.abort()
  for (const query of ['{ pins { nodes { id } } }', '{ pin(requestId: "x") { id } }'])
    expect((await executor.run(runOf(query), { signal })).errors).toHaveLength(1)
  const add = 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { id } error { code } } }'
  await executor.run(runOf(add), { signal })
  expect(service.requests).toEqual([])
})
