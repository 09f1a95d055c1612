import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_JSON_DEPTH, parseUntrustedJson } from '../../../src/domain/untrusted-json.ts'

const SRC = new URL('../../../src/', import.meta.url)

/**
 * Files that parse texts of pinql itself: its own records, lines of its log, its package. `client` runs in browsers of others. Blocks in
 * dag-json may be nested deeper, and `json-links` walks them without calling itself.
 */
const OWN_TEXTS = [
  'cli/main.ts',
  'client/read-errors.ts',
  'embedded/backup/export-pins.ts',
  'embedded/dag/json-links.ts',
  'embedded/store/database-schema.ts',
  'embedded/store/stored-pin.ts',
  'observability/format-log-line.ts',
  'upstream/writes/write-codec.ts',
  'upstream/writes/write-table.ts',
]

const arrays = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const objects = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

describe('parseUntrustedJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parseUntrustedJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('reads a text behind a byte order mark, and refuses a second one', () => {
    expect(parseUntrustedJson('\uFEFF{"a":1}')).toEqual({ a: 1 })
    expect(() => parseUntrustedJson('\uFEFF\uFEFF{"a":1}')).toThrow(SyntaxError)
  })

  it.each([arrays, objects])('reads %o of 100 levels, and refuses one more', (nested) => {
    expect(parseUntrustedJson(nested(MAX_JSON_DEPTH))).toBeTypeOf('object')
    expect(() => parseUntrustedJson(nested(MAX_JSON_DEPTH + 1))).toThrow(SyntaxError)
  })

  it.each([
    ['behind many siblings', `[${'[],'.repeat(1_000)}${arrays(100)}]`],
    ['in a member named __proto__', `{"__proto__":${arrays(100)}}`],
    ['in a member named as one of every object', `{"hasOwnProperty":1,"constructor":${objects(100)}}`],
    ['in the last of many members', `{"a":null,"b":"[[[","c":${arrays(100)}}`],
    ['far too deep', arrays(500_000)],
  ])('refuses depth that is %s', (_where, text) => {
    expect(() => parseUntrustedJson(text)).toThrow(SyntaxError)
  })

  it.each([
    ['a million values', `[${'0,'.repeat(1_000_000)}0]`],
    ['a million empty objects', `[${'{},'.repeat(1_000_000)}{}]`],
    ['100,001 members of one object', `{${Array.from({ length: 100_001 }, (_, n) => `"k${n}":[1]`).join(',')}}`],
    ['depth behind strings with quotes and brackets', `[${'"[\\\\\\"]",'.repeat(50_000)}${arrays(100)}]`],
  ])('refuses a long text of %s before it is parsed', (_what, text) => {
    expect(() => parseUntrustedJson(text)).toThrow('at most 100 levels, 1000000 values, 100000 in one object')
  })

  it('refuses a short text too that has more values than its reader takes', () => {
    const ofValues = (values: number): string => JSON.stringify({ a: Array(values - 2).fill('[[,') })

    expect(parseUntrustedJson(ofValues(2_000), { maxValues: 2_000 })).toBeTypeOf('object')
    expect(() => parseUntrustedJson(ofValues(2_002), { maxValues: 2_000 })).toThrow('at most 100 levels, 2000 values')
  })

  it('reads 100,000 members of one object, and more elements of an array', () => {
    const object = `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":[1,2]`).join(',')}}`
    const array = `[${'[],'.repeat(200_000)}0]`

    expect(Object.keys(parseUntrustedJson(object) as object)).toHaveLength(100_000)
    expect(parseUntrustedJson(array)).toHaveLength(200_001)
  })

  it('reads long texts whose strings are full of signs', () => {
    const text = JSON.stringify(
      Array.from({ length: 5_000 }, (_, n) => [`${'['.repeat(n % 200)}\\"`, '\\', { [`{"${n}`]: ',,,' }]),
    )

    expect(text.length).toBeGreaterThan(200_000)
    expect(parseUntrustedJson(text)).toEqual(JSON.parse(text))
  })

  it('is the only parser of texts from outside', () => {
    const users = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && /\bJSON\.parse\(/.test(readFileSync(new URL(path, SRC), 'utf8')))
      .sort()
    expect(users).toEqual([...OWN_TEXTS, 'domain/untrusted-json.ts'].sort())
  })
})
