import { describe, expect, it } from 'vitest'
import { compareSchemas, printComparison, unexplained } from '../../scripts/compare-schemas.ts'
import { newestRelease } from '../../scripts/released-schemas.ts'

const BEFORE = `
  type Query { pin(id: ID!): Pin, pins(service: String): [Pin] }
  type Pin { id: ID!, name: String, "Where it is in its life." status: Status }
  type Receipt { id: ID! }
  enum Status { QUEUED PINNED }
`

describe('comparing two schemas', () => {
  it('says of each change whether it breaks clients', async () => {
    const after = `
      type Query { pin(id: ID!, service: String): Pin, pins: [Pin!]! }
      type Pin { id: ID!, label: Label, "Status of the pin." status: Status }
      type Label { text: String!, color: Color }
      enum Color { RED BLUE }
      enum Status { QUEUED PINNED FAILED }
    `

    const { changes, descriptions } = await compareSchemas(BEFORE, after)

    expect(changes.map(({ severity, coordinate }) => `${severity} ${coordinate}`).sort()).toEqual([
      'breaking Pin.name',
      'breaking Query.pins',
      'breaking Receipt',
      'dangerous Query.pin',
      'dangerous Status.FAILED',
      'safe Color',
      'safe Label',
      'safe Pin.label',
      'safe Query.pins',
    ])
    expect(descriptions).toBe(1)
  })

  it('prints the breaking changes first, with their number', async () => {
    const after = BEFORE.replace('name: String,', 'label: String,')

    expect(printComparison(await compareSchemas(BEFORE, after))).toBe(
      [
        'breaking: 1',
        "  Field 'name' was removed from object type 'Pin'",
        'dangerous: none',
        'safe: 1',
        "  Field 'label' was added to object type 'Pin'",
        'descriptions: none',
      ].join('\n'),
    )
  })

  it('finds nothing in equal schemas', async () => {
    expect(await compareSchemas(BEFORE, BEFORE)).toEqual({ changes: [], descriptions: 0 })
  })
})

describe('a breaking change', async () => {
  const after = BEFORE.replace('name: String,', '')
    .replace('type Receipt { id: ID! }', '')
    .replace('(service: String)', '')
  const { changes } = await compareSchemas(BEFORE, after)

  it('has to be named, between backticks, in the newest section of the changelog', () => {
    const changelog =
      '# Changelog\n\n## Unreleased\n\nReceipt went, and so did name.\n\n## 0.1.0\n\n- `Receipt`, `Pin.name`, `pins`\n'

    expect(unexplained(changes, changelog)).toEqual(['Pin.name', 'Query.pins', 'Receipt'])
  })

  it('is explained by its coordinate, and a root field by its name', () => {
    const changelog =
      '# Changelog\n\n## Unreleased\n\n- `Receipt` and `Pin.name` are gone.\n- `pins(service: "x")` is `pins`.\n'

    expect(unexplained(changes, changelog)).toEqual([])
  })

  it('is not explained by a longer name', () => {
    const changelog = '# Changelog\n\n## Unreleased\n\n- `Receipts`, `Pin.names`, `OldPin.name`, `Pin.pins`\n'

    expect(unexplained(changes, changelog)).toEqual(['Pin.name', 'Query.pins', 'Receipt'])
  })
})

describe('the newest release', () => {
  it('has the highest version', () => {
    expect(newestRelease(['schema-0.10.0.graphql', 'schema-0.9.1.graphql', 'README.md'])).toBe('0.10.0')
  })
})
