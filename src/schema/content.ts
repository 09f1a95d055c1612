import { type ContentAtService, content, contentPins, contentServices, contents } from '../resolvers/content.ts'
import { builder } from './builder.ts'
import { ContentType } from './content-type.ts'
import { ErrorType, toErrorValue, withErrors } from './error.ts'
import { costs, lengthOf, lookups } from './field-cost.ts'
import { PinType } from './pin.ts'
import { PinStatusType } from './pin-status.ts'
import { ServiceType } from './service.ts'

const ContentAtServiceType = builder.objectRef<ContentAtService>('ContentAtService').implement({
  description: 'Pins of one CID at one service: `pins`, or `error`, or both when some of the pins could not be read.',
  fields: (t) => ({
    service: t.expose('service', { type: ServiceType, description: 'The service that was asked.' }),
    pins: t.expose('pins', {
      type: [PinType],
      nullable: true,
      description:
        'Pins of the CID at this service, newest first; empty when it has none. Null when the service could not be asked, so that nothing is known.',
      ...costs({ isOpen: true }),
    }),
    error: t.field({
      type: ErrorType,
      nullable: true,
      description:
        'The reason why `pins` is null. Beside pins: how many records of this CID are no valid pins, and why.',
      resolve: ({ error }) => toErrorValue(error),
    }),
  }),
})

ContentType.implement({
  description: 'Pins of one CID at all services that the caller has a token for.',
  fields: (t) => ({
    cid: t.expose('cid', { type: 'CID', description: 'The CID, as it was asked for.' }),
    pins: t.field({
      type: [PinType],
      nullable: true,
      description:
        'Pins of the CID at all services that could be asked, newest first; empty when it is not pinned there. Null when no service could be asked; `services` says why.',
      args: {
        status: t.arg({
          type: [PinStatusType],
          description: 'Statuses: only pins with one of them. An empty list matches nothing. Default: all four.',
        }),
      },
      ...costs({ isOpen: true, requests: (_args, times, { services }) => services * lookups(times) }),
      resolve: (parent, args, context) => contentPins(parent, args.status, context),
    }),
    services: t.field({
      type: [ContentAtServiceType],
      description: 'The answer of each service. A service that fails has an error here; the others are not affected.',
      ...costs({
        size: (_args, { services }) => services,
        requests: (_args, times, { services }) => services * lookups(times),
      }),
      resolve: (parent, _args, context) => contentServices(parent, context),
    }),
  }),
})

builder.queryFields((t) => ({
  content: t.field({
    type: ContentType,
    nullable: true,
    description:
      'Pins of one CID at all services. Null beside an error if the text is no CID. Costs one upstream request per service.',
    args: { cid: t.arg({ type: 'CID', required: true, description: 'Root of the content.' }) },
    resolve: (_root, args, context) => content(args.cid, context),
  }),
  contents: t.field({
    type: [ContentType],
    nullable: { list: false, items: true },
    description:
      'Pins of many CIDs at all services, in the order of `cids`. A text that is no CID is null beside an error. More than 1,000 CIDs are a `BAD_REQUEST` of the whole list: `data` is null. Ten CIDs cost one upstream request per service.',
    args: { cids: t.arg({ type: ['CID'], required: true, description: 'Roots of the content, at most 1,000.' }) },
    ...costs({ size: (args) => lengthOf(args, 'cids'), items: ['cids'] }),
    resolve: (_root, args, context) => withErrors(contents(args.cids, context)),
  }),
}))
