import { expect, it } from 'vitest'
import { longestUnreadMs } from '../../../../../src/server/transports/connections/longest-unread-ms.ts'

it('a reader may lag for less than a ping interval, or as long as one large answer takes at 16 KB/s', () => {
  expect(longestUnreadMs(30_000, 0)).toBe(11_700)
  expect(longestUnreadMs(30_000, 108 * 1024)).toBe(11_700)
  expect(longestUnreadMs(30_000, 128 * 1024 + 960_000)).toBe(71_700)
})
