import { exampleCid } from '../providers/example-cid.ts'

/** An operation that a hostile client sends. */
export interface CostlyOperation {
  readonly query: string
  readonly variables?: Record<string, unknown>
}

export const many = <Value>(count: number, each: (n: number) => Value) =>
  Array.from({ length: count }, (_, n) => each(n))
const words = (room: number, textOf: (n: number) => string) =>
  many(Math.floor(room / textOf(9_999).length), textOf).join(' ')
/** Number of fields, fewer where the document is in a URL. */
const fieldsIn = (room: number, most: number): number => Math.min(most, Math.floor(room / 100))
const inLists = (levels: number): string => (levels === 0 ? 'id' : `content { pins { ${inLists(levels - 1)} } }`)
const doubling = (depth: number): string =>
  `{ pins { nodes { ...F0 } } } ${many(depth, (n) => `fragment F${n} on Pin { a${n}: content { pins { ...F${n + 1} } } b${n}: content { pins { ...F${n + 1} } } }`).join(' ')} fragment F${depth} on Pin { id }`
const nested = (depth: number, open = '[', close = ']') => `${open.repeat(depth)}${close.repeat(depth)}`
const CONTENTS = 'content(cid: $cid) { cid }'
const ofCid = (cid: string): CostlyOperation => ({ query: `query ($cid: CID!) { ${CONTENTS} }`, variables: { cid } })
const MALICE = JSON.parse('{"__proto__":{"cost":true,"polluted":1},"constructor":{"prototype":{"polluted":1}}}')

/** Each makes an operation of about so many characters. The answer has to match. */
export const COSTLY_OPERATIONS: Readonly<Record<string, readonly [RegExp, (room: number) => CostlyOperation]>> = {
  'a CID of base58': [/BAD_REQUEST/, (room) => ofCid(`z${'2'.repeat(room)}`)],
  'a CID of base36': [/BAD_REQUEST/, (room) => ofCid(`k${'1'.repeat(room)}`)],
  'an old CID': [/BAD_REQUEST/, (room) => ofCid(`Qm${'2'.repeat(room)}`)],
  'an id of a pin': [
    /BAD_REQUEST|PIN_NOT_FOUND/,
    (room) => ({ query: 'query ($i: ID!) { pin(id: $i) { id } }', variables: { i: 'A'.repeat(room) } }),
  ],
  'a cursor': [
    /BAD_REQUEST/,
    (room) => ({ query: 'query ($a: Cursor) { pins(after: $a) { totalCount } }', variables: { a: 'A'.repeat(room) } }),
  ],
  'a multiaddr with a CID of base58': [
    /BAD_REQUEST/,
    (room) => ({
      query: 'mutation ($o: [Multiaddr!]) { addPin(input: { cid: "bafkqaaa", origins: $o }) { error { code } } }',
      variables: { o: [`/ip4/203.0.113.1/tcp/4001/p2p/z${'2'.repeat(room)}`] },
    }),
  ],
  'fragments that double 17 times': [/OPERATION_TOO_COSTLY/, () => ({ query: doubling(17) })],
  'fragments that double 40 times': [/OPERATION_TOO_COSTLY/, () => ({ query: doubling(40) })],
  'fragments that double twice over forty pins of one content': [
    /OPERATION_TOO_COSTLY/,
    () => ({ query: doubling(4).replace('pins {', 'pins(first: 40) {') }),
  ],
  'four levels of forty pins of one content': [
    /OPERATION_TOO_COSTLY/,
    () => ({ query: `{ pins(first: 40) { nodes { ${inLists(4)} } } }` }),
  ],
  'ten removals of hundreds of thousands of ids': [
    /BAD_REQUEST|OPERATION_TOO_COSTLY|"error":\{/,
    (room) => ({
      query: `mutation ($ids: [ID!]!) { ${many(10, (n) => `a${n}: removePins(input: { ids: $ids }) { error { code } }`).join(' ')} }`,
      variables: { ids: many(Math.floor(room / 4), () => 'a') },
    }),
  ],
  'the contents of 1,000 CIDs by thirty names': [
    /OPERATION_TOO_COSTLY|"data":\{/,
    (room) => ({
      query: `query ($c: [CID!]!) { ${many(30, (n) => `a${n}: contents(cids: $c) { cid }`).join(' ')} }`,
      variables: { c: many(Math.min(1_000, Math.floor(room / 70)), (n) => exampleCid(n + 100)) },
    }),
  ],
  'the contents of 1,000 texts that are no CIDs by twenty names': [
    /OPERATION_TOO_COSTLY|BAD_REQUEST/,
    (room) => ({
      query: `query ($c: [CID!]!) { ${many(20, (n) => `a${n}: contents(cids: $c) { cid }`).join(' ')} }`,
      variables: { c: many(Math.min(1_000, Math.floor(room / 9)), (n) => `x${n}`) },
    }),
  ],
  'failures below a name that is long': [
    /OPERATION_TOO_COSTLY|BAD_REQUEST/,
    (room) => ({
      query: `query ($c: [CID!]!) { ${'a'.repeat(Math.min(50_000, room / 2))}: contents(cids: $c) { cid } }`,
      variables: { c: many(Math.min(700, Math.floor(room / 20)), (n) => `x${n}`) },
    }),
  ],
  'pages of pins with a name that is long': [
    /OPERATION_TOO_COSTLY|"data":\{/,
    (room) => ({
      query: `{ ${many(20, (n) => `p${n}: pins(first: 1000) { nodes { ...F } }`).join(' ')} } fragment F on Pin { ${'a'.repeat(Math.max(1, Math.min(50_000, room - 3_000)))}: id }`,
    }),
  ],
  'a thousand ids that are none by twenty names': [
    /OPERATION_TOO_COSTLY|BAD_REQUEST/,
    (room) => ({
      query: `query ($i: [ID!]!) { ${many(20, (n) => `a${n}: nodes(ids: $i) { id }`).join(' ')} }`,
      variables: { i: many(Math.min(1_000, Math.floor(room / 9)), (n) => `x${n}`) },
    }),
  ],
  'blanks and a letter beyond Latin-1': [
    /GRAPHQL_PARSE_FAILED|BAD_REQUEST|Cannot query/,
    (room) => ({ query: `{ nope${room} } # ${' '.repeat(room - 30)}\u{1f4cc}` }),
  ],
  'a map of tens of thousands of entries as the filter of hundreds of fields': [
    /BAD_REQUEST|"data":\{/,
    (room) => ({
      query: `query ($f: PinFilter) { ${many(fieldsIn(room, 300), (n) => `a${n}: pins(filter: $f) { totalCount }`).join(' ')} }`,
      variables: {
        f: { meta: Object.fromEntries(many(Math.min(70_000, Math.floor(room / 13)), (n) => [`k${n}`, ''])) },
      },
    }),
  ],
  'tens of thousands of statuses for hundreds of fields': [
    /BAD_REQUEST|"data":\{/,
    (room) => ({
      query: `query ($f: PinFilter) { ${many(fieldsIn(room, 300), (n) => `a${n}: pins(filter: $f) { totalCount }`).join(' ')} }`,
      variables: { f: { status: many(Math.min(90_000, Math.floor(room / 10)), () => 'PINNED') } },
    }),
  ],
  'a name of hundreds of kilobytes for hundreds of fields': [
    /BAD_REQUEST|"data":\{/,
    (room) => ({
      query: `query ($n: String) { ${many(fieldsIn(room, 250), (n) => `a${n}: pins(filter: { name: $n }) { totalCount }`).join(' ')} }`,
      variables: { n: 'n'.repeat(Math.floor(room / 2)) },
    }),
  ],
  'signs that open and close': [
    /GRAPHQL_PARSE_FAILED/,
    (room) => ({ query: `{ pin(id: ${nested(room / 2 - 20)}) { id } }` }),
  ],
  'selections in selections': [/GRAPHQL_PARSE_FAILED/, (room) => ({ query: `{ ${'a { '.repeat(room / 4 - 10)}` })],
  'types of lists of lists': [
    /GRAPHQL_PARSE_FAILED/,
    (room) => ({ query: `query ($a: ${nested(room / 2 - 20)}) { __typename }` }),
  ],
  'one field, again and again': [
    /"data"|GRAPHQL_PARSE_FAILED/,
    (room) => ({ query: `{ ${words(Math.min(room, 50_000), () => '__typename')} }` }),
  ],
  'fields that may clash, in pairs': [
    /"data"|"errors"/,
    (room) => ({ query: `{ pins { ${words(Math.min(room, 50_000), (n) => `a: nodes { n${n % 3}: id }`)} } }` }),
  ],
  'fragments that spread each other': [
    /"errors"/,
    (room) => ({
      query: `{ ...F0 } ${words(Math.min(room, 50_000), (n) => `fragment F${n} on Query { ...F${n + 1} ...F0 }`)}`,
    }),
  ],
  'inline fragments that may clash': [
    /"/,
    (room) => ({
      query: `{ ${words(Math.min(room, 50_000), (n) => `... { pins { nodes { a: id } } } ... on Query { x${n}: __typename }`)} }`,
    }),
  ],
  'variables that nobody uses': [
    /"errors"/,
    (room) => ({ query: `query (${words(Math.min(room, 50_000), (n) => `$v${n}: Int`)}) { __typename }` }),
  ],
  'directives on one field': [
    /"errors"/,
    (room) => ({ query: `{ __typename ${words(Math.min(room, 50_000), () => '@skip(if: false)')} }` }),
  ],
  'names that are almost right': [
    /"errors"/,
    (room) => ({ query: `{ ${words(Math.min(room, 50_000), (n) => `servicesservicesservice${n}`)} }` }),
  ],
  'an introspection in itself': [
    /"errors"/,
    () => ({
      query: `{ __schema { types { ${many(7, () => 'fields { type { fields { type {').join(' ')} name ${'}'.repeat(28)} } } }`,
    }),
  ],
  'variables that are nested deep': [
    /BAD_REQUEST|4400|^$/,
    (room) => ({ query: '{ __typename }', variables: { a: JSON.parse(nested(Math.min(4_000, room / 2 - 50))) } }),
  ],
  'a variable with members that the schema does not have': [
    /BAD_REQUEST/,
    (room) => ({
      query: 'query ($f: PinFilter) { pins(filter: $f) { totalCount } }',
      variables: { f: Object.fromEntries(many(Math.floor(room / 15), (n) => [`statu${n}`, 1])) },
    }),
  ],
  'names of prototypes': [
    /"data"|BAD_REQUEST|must not|Cannot query|Expected/,
    () => ({
      query:
        'mutation ($m: StringMap, $f: PinFilter) { addPin(input: { cid: "bafkqaaa", meta: $m }) { pin { meta } error { code } } removePins(input: { filter: $f, dryRun: true }) { error { code } } }',
      variables: { m: MALICE, f: MALICE, ...MALICE },
    }),
  ],
}
