import { type PinPageResult, pins } from '../resolvers/pins.ts'
import { builder } from './builder.ts'
import { ErrorRef, serviceErrors, toErrorValue } from './error-types.ts'
import { PinRef } from './pin.ts'
import { PinStatusRef } from './pin-status.ts'

const NameMatchRef = builder.enumType('NameMatch', {
  description: 'How the name filter compares.',
  values: {
    EXACT: { value: 'exact', description: 'The whole name, with case.' },
    IEXACT: { value: 'iexact', description: 'The whole name, in any case.' },
    PARTIAL: { value: 'partial', description: 'Any part of the name, with case.' },
    IPARTIAL: { value: 'ipartial', description: 'Any part of the name, in any case.' },
  } as const,
})

export const PinFilterRef = builder.inputType('PinFilter', {
  description: 'Which pins to list. A pin must match every part that is given.',
  fields: (t) => ({
    cid: t.field({
      type: ['CID'],
      description: 'Any of these CIDs, at most 100. More than ten cost further requests.',
    }),
    name: t.string({ description: 'Name, compared as `match` says. At most 255 characters.' }),
    match: t.field({ type: NameMatchRef, defaultValue: 'exact', description: 'How `name` compares.' }),
    status: t.field({ type: [PinStatusRef], description: 'Any of these. Default: all four.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Created before this, exclusive.' }),
    createdAfter: t.field({ type: 'DateTime', description: 'Created after this, exclusive.' }),
    meta: t.field({ type: 'StringMap', description: "Every one of these entries must be among the pin's `meta`." }),
  }),
})

const PageInfoRef = builder.objectRef<PinPageResult['pageInfo']>('PageInfo').implement({
  description: 'Where a page ends, in the form Relay reads.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more pins follow.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether this page began behind a cursor.' }),
    startCursor: t.expose('startCursor', { type: 'Cursor', nullable: true, description: 'Place of the first pin.' }),
    endCursor: t.expose('endCursor', {
      type: 'Cursor',
      nullable: true,
      description: 'Place of the last pin, for `after`.',
    }),
  }),
})

const PinEdgeRef = builder.objectRef<PinPageResult['edges'][number]>('PinEdge').implement({
  description: 'A pin in a page.',
  fields: (t) => ({
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Where the pin stands, for `after`.' }),
    node: t.expose('node', { type: PinRef, description: 'The pin.' }),
  }),
})

const PinConnectionRef = builder.objectRef<PinPageResult>('PinConnection').implement({
  description: 'One page of pins, in the form Relay reads.',
  fields: (t) => ({
    edges: t.expose('edges', { type: [PinEdgeRef], description: 'The pins with their cursors.' }),
    nodes: t.field({
      type: [PinRef],
      description: 'The pins alone.',
      resolve: (page) => page.edges.map((edge) => edge.node),
    }),
    pageInfo: t.expose('pageInfo', { type: PageInfoRef, description: 'Where the page ends.' }),
    totalCount: t.int({
      nullable: true,
      description:
        'How many pins match in all, as the services count. Costs a request a service on all but the first page; null where a service does not tell.',
      resolve: (page) => page.totalCount(),
    }),
    warnings: t.field({
      type: [ErrorRef],
      description: 'The services that could not be read, when others could: this page lacks their pins.',
      resolve: (page) => page.warnings.map(toErrorValue),
    }),
  }),
})

const PinsResult = builder.errorUnion('PinsResult', {
  description: 'A page of pins, or why there is none.',
  types: [PinConnectionRef, ...serviceErrors],
  resolveType: () => PinConnectionRef,
})

builder.queryField('pins', (t) =>
  t.field({
    type: PinsResult,
    description:
      'Pins, newest first. Paging by `after` neither loses nor repeats a pin, not even when many were created at one time.',
    args: {
      service: t.arg.string({ description: "Name of the service to read. Default: the gateway's default service." }),
      services: t.arg.stringList({
        description: 'Names of several services, whose pins are merged. Not together with `service`.',
      }),
      filter: t.arg({ type: PinFilterRef, description: 'Which pins. Default: all.' }),
      first: t.arg.int({
        defaultValue: 10,
        description: 'How many pins, 1 to 1,000. One request a service for up to 998.',
      }),
      after: t.arg({ type: 'Cursor', description: "Only pins behind this place: the previous page's `endCursor`." }),
    },
    resolve: (_root, args, context) => pins(args, context),
  }),
)
