import type { Pin } from '../domain/pin.ts'
import { formatPinId } from '../domain/pin-id.ts'
import { failureReasonOf, type PinProgress, progressOf } from '../domain/pin-progress.ts'
import { pin } from '../resolvers/pin.ts'
import { builder } from './builder.ts'
import { ContentRef } from './content-ref.ts'
import { pinErrors } from './error-types.ts'
import { NodeRef } from './node-interface.ts'
import { PinStatusRef } from './pin-status.ts'
import { ServiceRef } from './service.ts'

const PinProgressRef = builder.objectRef<PinProgress>('PinProgress').implement({
  description: 'How far a pin has come. Services tell more or less of it; what they do not tell is null.',
  fields: (t) => ({
    blocks: t.int({ nullable: true, description: 'Blocks fetched so far.', resolve: ({ blocks }) => toInt(blocks) }),
    totalBlocks: t.int({
      nullable: true,
      description: 'Blocks in all.',
      resolve: ({ totalBlocks }) => toInt(totalBlocks),
    }),
    bytes: t.exposeFloat('bytes', { nullable: true, description: 'Bytes fetched so far.' }),
    totalBytes: t.exposeFloat('totalBytes', { nullable: true, description: 'Bytes in all.' }),
    percent: t.exposeFloat('percent', { nullable: true, description: 'Share that is done, 0 to 100.' }),
  }),
})

export const PinRef = builder.objectRef<Pin>('Pin').implement({
  description:
    'One request to keep content pinned, as its service reports it. The same content may be pinned many times.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'Global id. It names service, request and CID, so that many pins can be looked up at once.',
      resolve: (each) => formatPinId(each),
    }),
    requestId: t.exposeString('requestId', {
      description:
        "The service's own identifier (`requestid`). Unique at its service only; `ipfs pin remote` calls it the same.",
    }),
    service: t.field({
      type: ServiceRef,
      description: 'The service that holds it.',
      resolve: (each, _args, context) => context.services.get(each.service),
    }),
    status: t.expose('status', { type: PinStatusRef, description: 'Where it is in its life.' }),
    cid: t.field({
      type: 'CID',
      description: 'Root of the content, pinned with all that it links to.',
      resolve: (each) => each.cid.text,
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'Its name, at most 255 characters. Need not be unique.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the service took the request in, in its own precision.',
      resolve: (each) => each.created.text,
    }),
    origins: t.expose('origins', {
      type: ['Multiaddr'],
      description: 'Peers named as holding the content. Many services do not keep them.',
    }),
    meta: t.expose('meta', { type: 'StringMap', description: 'The free-form entries it was added with.' }),
    delegates: t.expose('delegates', {
      type: ['Multiaddr'],
      description: "The service's peers that take the content in. Connect to them from a node that has it.",
    }),
    info: t.expose('info', { type: 'StringMap', description: "The service's own details, as it gave them." }),
    progress: t.field({
      type: PinProgressRef,
      nullable: true,
      description: 'How far it has come, read from `info`. Null where the service tells nothing of it.',
      resolve: (each) => progressOf(each),
    }),
    failureReason: t.string({
      nullable: true,
      description: 'Why it failed, in the words of the service. Null unless `status` is FAILED.',
      resolve: (each) => failureReasonOf(each),
    }),
    content: t.field({
      type: ContentRef,
      description: 'What else is known of the same CID, at every service.',
      resolve: (each) => ({ cid: each.cid.text }),
    }),
  }),
})

const PinLookupResult = builder.errorUnion('PinLookupResult', {
  description: 'A pin, or why it is not known.',
  types: [PinRef, ...pinErrors],
  resolveType: () => PinRef,
})

builder.queryField('pin', (t) =>
  t.field({
    type: PinLookupResult,
    nullable: true,
    description: 'One pin, by `id`, or by `requestId` and `service`. Ask again to watch its status.',
    args: {
      id: t.arg.id({ description: 'Global id of the pin.' }),
      service: t.arg.string({
        description: "Name of the service that `requestId` belongs to. Default: the gateway's default service.",
      }),
      requestId: t.arg.string({ description: "The service's own identifier, where the global id is not at hand." }),
    },
    resolve: (_root, args, context) => pin(args, context),
  }),
)

/** Services write what they like; what GraphQL's `Int` of 32 bits cannot hold would be an error of the field. */
function toInt(value: number | null): number | null {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? value : null
}
