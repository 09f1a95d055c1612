import { expect, it } from 'vitest'
import { createTestRegistry } from '../../../support/upstream/create-test-registry.ts'

const SERVICE = { name: 'one', endpoint: 'http://127.0.0.1:9', provider: null }

it('the token of the configuration stands for itself from the start, and all others share a turn by their network', async () => {
  await using registry = createTestRegistry([{ ...SERVICE, token: 'held' }], 'one')
  const sharedTurn = (token: string | null, network?: string) => registry.tenant('one', token, network).sharedTurn
  expect([sharedTurn(null, '203.0.113.9'), sharedTurn('held', '203.0.113.9')]).toEqual([undefined, undefined])
  const shared = sharedTurn('a', '203.0.113.9')
  expect(shared).toBeDefined()
  expect(sharedTurn('b', '203.0.113.9')).toBe(shared)
  expect(sharedTurn('b', '198.51.100.1')).not.toBe(shared)
  expect(sharedTurn('b')).toBe(sharedTurn('c'))
})
