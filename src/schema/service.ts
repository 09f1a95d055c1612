import { formatServiceId } from '../domain/pin-id.ts'
import { pinCounts } from '../resolvers/pin-counts.ts'
import { rateBudgets } from '../resolvers/rate-budget.ts'
import { allServices, findService, type ServiceFields, serviceCapabilities } from '../resolvers/service.ts'
import { serviceHealth } from '../resolvers/service-health.ts'
import { builder } from './builder.ts'
import { costs } from './field-cost.ts'
import { NodeType } from './node.ts'
import { PinCountsType } from './pin-counts.ts'
import { RateBudgetType } from './rate-budget.ts'
import { ServiceCapabilitiesType } from './service-capabilities.ts'
import { ServiceHealthType } from './service-health.ts'

export const ServiceType = builder.objectRef<ServiceFields>('Service').implement({
  description: 'A pinning service that this gateway is configured to use.',
  interfaces: [NodeType],
  fields: (t) => ({
    id: t.id({ description: 'Global id, for `node`.', resolve: ({ name }) => formatServiceId(name) }),
    name: t.exposeString('name', {
      description: 'Configured name, such as `local` or `filebase`. Arguments such as `services` take it.',
    }),
    endpoint: t.exposeString('endpoint', { description: 'Base URL of its Pinning Service API.' }),
    pinCounts: t.field({
      type: PinCountsType,
      description: 'Number of pins by status. Costs four upstream requests.',
      ...costs({ requests: (_args, times) => 4 * times }),
      resolve: ({ name }, _args, context) => pinCounts(name, context),
    }),
    health: t.field({
      type: ServiceHealthType,
      description: 'Health of the service. Costs no upstream request.',
      resolve: ({ name }, _args, context) => serviceHealth(name, context),
    }),
    budget: t.field({
      type: [RateBudgetType],
      description: 'Its limits on requests, and what is left of them. Costs no upstream request.',
      resolve: ({ name }, _args, context) => rateBudgets(name, context),
    }),
    capabilities: t.field({
      type: ServiceCapabilitiesType,
      description:
        'Behaviour of its Pinning Service API: known of its provider, configured, or learned from its answers.',
      resolve: ({ name }, _args, context) => serviceCapabilities(name, context),
    }),
  }),
})

builder.queryFields((t) => ({
  services: t.field({
    type: [ServiceType],
    description: 'All configured services. Costs no upstream request.',
    ...costs({ size: (_args, { services }) => services }),
    resolve: (_root, _args, context) => allServices(context),
  }),
  service: t.field({
    type: ServiceType,
    nullable: true,
    description: 'A configured service by its name; null when no service has that name. Costs no upstream request.',
    args: { name: t.arg.string({ required: true, description: 'Configured name of the service.' }) },
    resolve: (_root, args, context) => findService(args.name, context),
  }),
}))
