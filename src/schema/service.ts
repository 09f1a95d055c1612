import { formatServiceId } from '../domain/pin-id.ts'
import { findService } from '../resolvers/pin.ts'
import type { PinCounts } from '../resolvers/pin-counts.ts'
import { pinCounts } from '../resolvers/pin-counts.ts'
import { rateBudgets } from '../resolvers/rate-budgets.ts'
import { serviceHealth } from '../resolvers/service-health.ts'
import type { PinningService } from '../upstream/pinning-service.ts'
import { builder } from './builder.ts'
import { NodeRef } from './node-interface.ts'
import { RateBudgetRef } from './rate-budget.ts'
import { ServiceCapabilitiesRef } from './service-capabilities.ts'
import { ServiceHealthRef } from './service-health.ts'

const PinCountsRef = builder.objectRef<PinCounts>('PinCounts').implement({
  description: 'How many pins a service has, by status, as it counts them itself.',
  fields: (t) => ({
    queued: t.exposeInt('queued', {
      nullable: true,
      description: 'Waiting to be fetched. Null where the service does not count.',
    }),
    pinning: t.exposeInt('pinning', {
      nullable: true,
      description: 'Being fetched. Null where the service does not count.',
    }),
    pinned: t.exposeInt('pinned', {
      nullable: true,
      description: 'Held by the service. Null where the service does not count.',
    }),
    failed: t.exposeInt('failed', { nullable: true, description: 'Given up. Null where the service does not count.' }),
  }),
})

export const ServiceRef = builder.objectRef<PinningService>('Service').implement({
  description: 'A pinning service that this gateway is configured to use.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (service) => formatServiceId(service.name) }),
    name: t.exposeString('name', {
      description: 'As configured, such as `local` or `filebase`. Other fields name the service by it.',
    }),
    endpoint: t.exposeString('endpoint', { description: 'Base URL of its Pinning Service API.' }),
    pinCounts: t.field({
      type: PinCountsRef,
      nullable: true,
      description:
        'How many pins it has. Costs four requests to the service; null beside an error when it cannot be asked.',
      resolve: (service, _args, context) => pinCounts(service.name, context),
    }),
    health: t.field({
      type: ServiceHealthRef,
      description: 'How it is, by the calls made to it. Costs no request.',
      resolve: (service, _args, context) => serviceHealth(service, context),
    }),
    budget: t.field({
      type: [RateBudgetRef],
      description: 'What is left of each of its limits. Costs no request.',
      resolve: (service, _args, context) => rateBudgets(service, context),
    }),
    capabilities: t.field({
      type: ServiceCapabilitiesRef,
      description:
        'How it keeps to the Pinning Service API: known of its provider, configured, or learned from its answers.',
      resolve: (service) => service,
    }),
  }),
})

builder.queryFields((t) => ({
  services: t.field({
    type: [ServiceRef],
    description: 'The configured services, the default one included. Costs no request to any of them.',
    resolve: (_root, _args, context) => context.services.services,
  }),
  service: t.field({
    type: ServiceRef,
    nullable: true,
    description: 'One configured service; null when there is none of that name.',
    args: { name: t.arg.string({ required: true, description: 'Its configured name.' }) },
    resolve: (_root, args, context) => findService(args.name, context),
  }),
}))
