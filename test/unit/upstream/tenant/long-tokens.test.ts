import { expect, it } from 'vitest'
import { createTestRegistry } from '../../../support/upstream/create-test-registry.ts'

const SERVICES = [{ name: 'one', endpoint: 'http://127.0.0.1:9', token: null, provider: null }]

it.each([
  ['are forgotten as soon as they take too much memory', 16_000, false],
  ['are kept by the thousand if they are as long as usual', 100, true],
])('tenants %s', async (_what, length, isKept) => {
  await using registry = createTestRegistry(SERVICES, 'one')
  const first = registry.tenant('one', 'first')
  for (let n = 0; n < 2_000; n++) registry.tenant('one', `${n}`.padEnd(length, 'x'))

  expect(registry.tenant('one', 'first') === first).toBe(isKept)
})
