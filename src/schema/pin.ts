import type { Pin } from '../domain/pin.ts'
import { formatPinId } from '../domain/pin-id.ts'
import { expiresAtOf, failureReasonOf, progressOf, sizeOf } from '../domain/pin-info.ts'
import { type PinArgs, pin } from '../resolvers/pin.ts'
import { serviceOf } from '../resolvers/service.ts'
import { builder } from './builder.ts'
import { ContentType } from './content-type.ts'
import { costs } from './field-cost.ts'
import { NodeType } from './node.ts'
import { PinProgressType } from './pin-progress.ts'
import { PinStatusType } from './pin-status.ts'
import { ServiceType } from './service.ts'

export const PinType = builder.objectRef<Pin>('Pin').implement({
  description:
    'A request to a service to keep content, as the service reports it. The same content can be pinned several times, at one service or many.',
  interfaces: [NodeType],
  fields: (t) => ({
    id: t.id({
      description:
        'Global id, for `pin`, `node` and all changes. It is opaque, and the same for every caller and at every instance of the gateway.',
      resolve: (each) => formatPinId(each),
    }),
    requestId: t.exposeString('requestId', {
      description:
        "The service's own identifier (`requestid` in the Pinning Service API). It is unique only within its service.",
    }),
    service: t.field({
      type: ServiceType,
      description: 'The service that holds the pin.',
      resolve: (each, _args, context) => serviceOf(each.service, context),
    }),
    status: t.expose('status', {
      type: PinStatusType,
      description: 'Status as of this answer. `pinStatusChanged` reports every change.',
    }),
    cid: t.expose('cid', {
      type: 'CID',
      description: 'Root of the content. The service pins it with everything it links to.',
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'Name, at most 255 characters, not necessarily unique. Some services name a pin by its CID.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: "Instant at which the service accepted the pin, in the service's own precision.",
      resolve: (each) => each.created.text,
    }),
    origins: t.expose('origins', {
      type: ['Multiaddr'],
      description: 'Peers that were named as having the content. Many services do not return them.',
      ...costs({ isOpen: true }),
    }),
    meta: t.expose('meta', { type: 'StringMap', description: 'Entries that the pin was added with.' }),
    delegates: t.expose('delegates', {
      type: ['Multiaddr'],
      description:
        'Peers of the service that fetch the content. If the service cannot reach you, connect to them from a node that has the content.',
      ...costs({ isOpen: true }),
    }),
    info: t.expose('info', {
      type: 'StringMap',
      description: "The service's own details, unchanged. Keys differ between services.",
    }),
    size: t.float({
      nullable: true,
      description: 'Size of the content in bytes; null where the service does not report it.',
      resolve: (each) => sizeOf(each),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Instant at which the service will stop keeping the content; null where it reports none.',
      resolve: (each) => expiresAtOf(each),
    }),
    progress: t.field({
      type: PinProgressType,
      nullable: true,
      description:
        'Progress of the service with the content, read from `info`; null if the service reports no progress.',
      resolve: (each) => progressOf(each),
    }),
    failureReason: t.string({
      nullable: true,
      description: "Reason of a failure in the service's words. Null unless `status` is `FAILED`.",
      resolve: (each) => failureReasonOf(each),
    }),
    content: t.field({
      type: ContentType,
      description: 'The same content at every service. Ten CIDs cost one upstream request per service.',
      resolve: ({ cid }) => ({ cid }),
    }),
  }),
})

builder.queryField('pin', (t) =>
  t.field({
    type: PinType,
    nullable: true,
    description:
      'One pin: either by `id`, or by `requestId` and `service`. A pin that is not there gives the error `PIN_NOT_FOUND`. Costs one upstream request, or less by `id`.',
    args: {
      id: t.arg.id({ description: 'Global id of the pin.' }),
      requestId: t.arg.string({ description: "The service's own identifier, if you do not have the global id." }),
      service: t.arg.string({
        description: "Name of the service that `requestId` belongs to. Default: the gateway's default service.",
      }),
    } satisfies Record<keyof PinArgs, unknown>,
    ...costs({ requests: (_args, times) => times }),
    resolve: (_root, args, context) => pin(args, context),
  }),
)
