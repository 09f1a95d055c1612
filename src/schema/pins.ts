import { errorFieldsOf } from '../domain/error-fields.ts'
import type { Pin } from '../domain/pin.ts'
import { formatCursor } from '../domain/pin-cursor.ts'
import { type PinPageResult, type PinsArgs, pins } from '../resolvers/pins.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'
import { costs, type FieldCost, lengthOf, numberOf } from './field-cost.ts'
import { toInt } from './int.ts'
import { PinType } from './pin.ts'
import { PinFilterType } from './pin-filter.ts'

const PageInfoType = builder.objectRef<PinPageResult>('PageInfo').implement({
  description: 'Begin and end of a page, as Relay defines it. Pages only go forward: from newer pins to older ones.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'True if there are older pins behind this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'True if `after` was given, so that newer pins may come before this page.',
    }),
    startCursor: t.field({
      type: 'Cursor',
      nullable: true,
      description: 'Cursor of the first pin; null when the page is empty.',
      resolve: ({ nodes }) => nodes.slice(0, 1).map(formatCursor)[0],
    }),
    endCursor: t.field({
      type: 'Cursor',
      nullable: true,
      description: 'Cursor of the last pin: pass it as `after` to get the next page. Null when the page is empty.',
      resolve: ({ nodes }) => nodes.slice(-1).map(formatCursor)[0],
    }),
  }),
})

/** Has the pin itself as source: an edge adds only the cursor, which is made from the pin. */
const PinEdgeType = builder.objectRef<Pin>('PinEdge').implement({
  description: 'A pin in a page, with its cursor.',
  fields: (t) => ({
    cursor: t.field({
      type: 'Cursor',
      description: 'Place of the pin in the list: pass it as `after` to get the pins behind it.',
      resolve: (pin) => formatCursor(pin),
    }),
    node: t.field({ type: PinType, description: 'The pin.', resolve: (pin) => pin }),
  }),
})

/** The number of pins that a page may have, from the arguments of `pins`. */
const pageSize: FieldCost['size'] = (_args, _env, parentArgs) => numberOf(parentArgs('first'), 10)

const PinConnectionType = builder.objectRef<PinPageResult>('PinConnection').implement({
  description: 'A page of pins, newest first, as Relay defines it.',
  fields: (t) => ({
    edges: t.expose('nodes', {
      type: [PinEdgeType],
      description: 'The pins of this page with their cursors.',
      ...costs({ size: pageSize }),
    }),
    nodes: t.expose('nodes', {
      type: [PinType],
      description: 'The pins of this page without cursors.',
      ...costs({ size: pageSize }),
    }),
    pageInfo: t.field({
      type: PageInfoType,
      description: 'Begin and end of this page.',
      resolve: (page) => page,
    }),
    totalCount: t.int({
      nullable: true,
      description:
        'Number of pins on all pages, as the services count them, with those that `warnings` says cannot be read. Costs up to one upstream request per service, and only if you select it. Null where a service does not count, and where an unknown one has more pins than a list; `totalCountError` gives any other reason.',
      ...costs({ requests: (_args, times) => times }),
      resolve: async (page) => toInt((await page.total()).count),
    }),
    totalCountError: t.field({
      type: ErrorType,
      nullable: true,
      description:
        'The reason why `totalCount` is null: a service could not be asked. Selecting both costs no more than one.',
      resolve: async (page) => toErrorValue((await page.total()).error),
    }),
    warnings: t.field({
      type: [ErrorType],
      description:
        'One error for each service that could not be read while others could: this page lacks their pins. And one `MALFORMED_RESPONSE` for each service that listed records which are no valid pins, such as one without a CID: it says how many this page lacks, and why.',
      resolve: (page) => page.warnings.map(errorFieldsOf),
    }),
  }),
})

builder.queryField('pins', (t) =>
  t.field({
    type: PinConnectionType,
    description:
      'Pins, newest first. Paging by `after` neither loses nor repeats a pin, even if many were created at the same instant. If no service can be read, the whole `data` is null, so that caches keep the pages they have; name several `services` to get the pins of the others. Costs one upstream request per service and page in most cases.',
    args: {
      services: t.arg.stringList({
        description:
          "Names of the services to read. Pins of several services are merged, and a service that fails becomes a warning. Default: the gateway's default service.",
      }),
      filter: t.arg({ type: PinFilterType, description: 'The pins to list. Default: all.' }),
      first: t.arg.int({ defaultValue: 10, description: 'Number of pins in a page, 1 to 1,000.' }),
      after: t.arg({
        type: 'Cursor',
        description: "Cursor of the pin before this page: the previous page's `endCursor`. Default: the first page.",
      }),
    } satisfies Record<keyof PinsArgs, unknown>,
    ...costs({ requests: (args, times) => times * Math.max(1, lengthOf(args, 'services')) }),
    resolve: (_root, args, context) => pins(args, context),
  }),
)
