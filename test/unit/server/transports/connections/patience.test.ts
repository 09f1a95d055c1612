import { expect, it } from 'vitest'
import { patienceMs } from '../../../../../src/server/transports/connections/patience.ts'

it('a reader has less than a ping interval, and for one large answer as long as 16 KB/s take', () => {
  expect(patienceMs(30_000, 0)).toBe(11_700)
  expect(patienceMs(30_000, 108 * 1024)).toBe(11_700)
  expect(patienceMs(30_000, 128 * 1024 + 960_000)).toBe(71_700)
})
