import type { Pin } from '../domain/pin.ts'
import {
  type Content,
  type ContentAtService,
  content,
  contentPins,
  contentServices,
  contents,
} from '../resolvers/content.ts'
import { builder } from './builder.ts'
import { ContentRef } from './content-ref.ts'
import { serviceErrors } from './error-types.ts'
import { PinRef } from './pin.ts'
import { PinStatusRef } from './pin-status.ts'
import { ServiceRef } from './service.ts'

const PinListRef = builder.objectRef<{ readonly pins: readonly Pin[] }>('PinList').implement({
  description: 'The pins of one CID at one service.',
  fields: (t) => ({
    pins: t.expose('pins', { type: [PinRef], description: 'Newest first; empty when the service has none.' }),
  }),
})

const ContentLookupResult = builder.errorUnion('ContentLookupResult', {
  description: 'The pins of a CID at a service, or why they are not known. Not known is not the same as not pinned.',
  types: [PinListRef, ...serviceErrors],
  resolveType: () => PinListRef,
})

const ContentAtServiceRef = builder.objectRef<ContentAtService>('ContentAtService').implement({
  description: 'What one service has of a CID.',
  fields: (t) => ({
    service: t.expose('service', { type: ServiceRef, description: 'The service that was asked.' }),
    result: t.field({
      type: ContentLookupResult,
      description: 'Its pins, or why they are not known.',
      resolve: (each) => each.result as never,
    }),
  }),
})

ContentRef.implement({
  description:
    'Everything known of one CID, over every service the caller has a token for. Ten CIDs cost one request a service.',
  fields: (t) => ({
    cid: t.expose('cid', { type: 'CID', description: 'As it was asked for.' }),
    pins: t.field({
      type: [PinRef],
      nullable: true,
      description:
        'Its pins at all services that could be asked, newest first; `services` tells which could not. Null beside an error when none could.',
      args: { status: t.arg({ type: [PinStatusRef], description: 'Only pins in one of these. Default: any.' }) },
      resolve: (parent, args, context) => contentPins(parent, args.status, context),
    }),
    services: t.field({
      type: [ContentAtServiceRef],
      description: "Each service's own answer. One that is down is an error of its element only.",
      resolve: (parent, _args, context) => contentServices(parent, context),
    }),
  }),
})

builder.queryFields((t) => ({
  content: t.field({
    type: ContentRef,
    nullable: true,
    description: 'Everything known of one CID; null beside an error for what is no CID.',
    args: { cid: t.arg({ type: 'CID', required: true, description: 'Which content.' }) },
    resolve: (_root, args) => content(args.cid),
  }),
  contents: t.field({
    type: [ContentRef],
    nullable: { list: true, items: true },
    description:
      'Everything known of many CIDs, in the order asked for; null beside an error for what is no CID. Ten cost one request a service.',
    args: { cids: t.arg({ type: ['CID'], required: true, description: 'At most 1,000.' }) },
    resolve: (_root, args) => contents(args.cids) as Promise<(Content | null)[]>,
  }),
}))
