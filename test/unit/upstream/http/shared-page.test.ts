import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SharedPage } from '../../../../src/upstream/http/pin-page.ts'
import { parsePinPage } from '../../../../src/upstream/http/wire.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'

const BODY = JSON.stringify({
  count: 1,
  results: [
    {
      requestid: 'one',
      status: 'pinned',
      created: '2026-01-31T12:00:00Z',
      pin: { cid: exampleCid(1) },
      delegates: [],
    },
  ],
})

function readPage(): SharedPage {
  const page = parsePinPage('test', BODY)
  if (!(page instanceof SharedPage)) throw new Error('Expected a page that can be shared')
  return page
}

describe('a shared page', () => {
  it('shows its pins to every reader until that reader has released it, and holds none after the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(20), (readers, keeping) => {
        const page = readPage()
        page.shareAmong(readers + keeping)
        for (let reader = 0; reader < readers; reader++) {
          expect(page.pins).toHaveLength(1)
          page.release()
        }
        // Readers that never release it go on seeing its pins.
        expect(page.pins).toHaveLength(keeping === 0 ? 0 : 1)
      }),
    )
  })

  it('keeps its pins until the number of readers is known', () => {
    const page = readPage()
    page.release()
    expect(page.pins).toHaveLength(1)
  })
})
