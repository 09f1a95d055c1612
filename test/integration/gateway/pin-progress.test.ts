import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PinStatus } from '../../../src/domain/pin.ts'
import { startOriginNode } from '../../../src/embedded/bitswap/start-origin-node.ts'
import { startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const FIELDS = 'status size expiresAt progress { blocks totalBlocks bytes totalBytes percent }'

const NOTHING = { size: null, expiresAt: null, progress: null }
const NO_PROGRESS = { blocks: null, totalBlocks: null, bytes: null, totalBytes: null, percent: null }

type Case = [what: string, status: PinStatus, info: Record<string, string>, shown: object]

const CASES: Case[] = [
  ['nothing where the service reports nothing', 'pinning', {}, NOTHING],
  ['nothing of what is queued at the embedded service', 'queued', { status_details: 'waiting' }, NOTHING],
  [
    'of a pin that the embedded service fetches, the share of what its root claims',
    'pinning',
    { blocks_fetched: '3', bytes_fetched: '250', bytes_expected: '1000' },
    { ...NOTHING, progress: { ...NO_PROGRESS, blocks: 3, bytes: 250, percent: 25 } },
  ],
  [
    'of a pin that the embedded service fetches, what it has, where the root claims nothing',
    'pinning',
    { blocks_fetched: '0', bytes_fetched: '0' },
    { ...NOTHING, progress: { ...NO_PROGRESS, blocks: 0, bytes: 0 } },
  ],
  [
    'of a pin that the embedded service holds, blocks and bytes of the whole',
    'pinned',
    { dag_size: '5000000000', dag_blocks: '12' },
    {
      size: 5_000_000_000,
      expiresAt: null,
      progress: { blocks: 12, totalBlocks: 12, bytes: 5_000_000_000, totalBytes: 5_000_000_000, percent: 100 },
    },
  ],
  ['no size where the service says 0 of everything', 'pinned', { size: '0' }, NOTHING],
  [
    'the end of a pin, as a timestamp in the words of the service',
    'pinned',
    { pinned_until: '2027-01-31T12:00:00+01:00' },
    { ...NOTHING, expiresAt: '2027-01-31T12:00:00+01:00' },
  ],
  [
    'the end of a pin, from Unix seconds',
    'pinned',
    { expires_at: '1800000000' },
    { ...NOTHING, expiresAt: '2027-01-15T08:00:00.000Z' },
  ],
  ['no end where the text is no time', 'pinned', { pinned_until: 'for ever' }, NOTHING],
]

describe('size, expiresAt and progress of a pin', () => {
  it.each(CASES)('show %s', async (_what, status, info, shown) => {
    await using setup = await startSetup()
    setup.service.seed(ALICE, [{ cid: exampleCid(1), status, info }])

    expect(await setup.api.query(`{ pins { nodes { ${FIELDS} } } }`)).toEqual({
      data: { pins: { nodes: [{ status: status.toUpperCase(), ...shown }] } },
    })
  })

  it('are those of the whole content, for a pin that the embedded service has made', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'hello.txt')
    await writeFile(path, 'hello world')
    await using origin = await startOriginNode({ path })
    await using gateway = await startTestGateway()
    const { data } = await gateway.query<{ addPin: { pin: { id: string } } }>(
      'mutation ($input: AddPinInput!) { addPin(input: $input) { pin { id } } }',
      { input: { cid: origin.cid, origins: origin.origins } },
    )

    const size = 'hello world'.length
    await expect
      .poll(() => gateway.query(`query ($id: ID!) { pin(id: $id) { ${FIELDS} } }`, { id: data?.addPin.pin.id }))
      .toEqual({
        data: {
          pin: {
            status: 'PINNED',
            size,
            expiresAt: null,
            progress: { blocks: 1, totalBlocks: 1, bytes: size, totalBytes: size, percent: 100 },
          },
        },
      })
  })
})
