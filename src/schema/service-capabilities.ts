import type { CapabilityFields } from '../resolvers/service.ts'
import type { Lesson } from '../upstream/learning/learned-capabilities.ts'
import { builder } from './builder.ts'

const ListOrderType = builder.enumType('ListOrder', {
  description: 'Order in which a service lists its pins.',
  values: {
    NEWEST_FIRST: { value: 'newest-first', description: 'Newest first, as the Pinning Service API specifies.' },
    OLDEST_FIRST: {
      value: 'oldest-first',
      description: 'Oldest first. pinql reads the whole list and sorts it.',
    },
    NONE: { value: 'none', description: 'No order. pinql reads the whole list and sorts it.' },
  } as const,
})

const FilterTrustType = builder.enumType('FilterTrust', {
  description: 'Degree to which pinql relies on a filter of a service.',
  values: {
    EXACT: { value: 'exact', description: 'The filter returns all pins that match, and no others.' },
    LOOSE: { value: 'loose', description: 'The filter may return other pins too. pinql filters again.' },
    UNUSABLE: {
      value: 'unusable',
      description: 'The filter may hide pins that match. pinql does not use it, and filters by itself.',
    },
  } as const,
})

const LessonType = builder.objectRef<Lesson>('CapabilityLesson').implement({
  description: 'Something that pinql learned from an answer of a service.',
  fields: (t) => ({
    capability: t.exposeString('capability', { description: 'Name of the capability that it is about.' }),
    proof: t.exposeString('proof', { description: 'Part of the answer that pinql learned it from.' }),
  }),
})

export const ServiceCapabilitiesType = builder.objectRef<CapabilityFields>('ServiceCapabilities').implement({
  description:
    'Behaviour of the Pinning Service API of a service. pinql makes up for differences, so you need this only for diagnosis.',
  fields: (t) => ({
    provider: t.exposeString('provider', {
      nullable: true,
      description: 'Provider that pinql recognised, such as `filebase`; null for an unknown one.',
    }),
    maxCids: t.exposeInt('maxCids', {
      description: 'Largest number of CIDs in one list request.',
    }),
    maxLimit: t.int({
      nullable: true,
      description: 'Largest number of pins in one list; null when there is no limit.',
      resolve: ({ maxLimit }) => (Number.isFinite(maxLimit) ? maxLimit : null),
    }),
    order: t.expose('order', {
      type: ListOrderType,
      nullable: true,
      description: 'Order of its lists; null until pinql has seen enough of them.',
    }),
    createdDigits: t.exposeInt('createdDigits', {
      nullable: true,
      description:
        'Number of fraction digits of its timestamps: 0 for whole seconds, 3 for milliseconds. Null until pinql has seen one.',
    }),
    cidFilter: t.expose('cidFilter', {
      type: FilterTrustType,
      description: 'Reliability of its filter by CID.',
    }),
    statusFilter: t.expose('statusFilter', {
      type: FilterTrustType,
      description: 'Reliability of its filter by several statuses.',
    }),
    metaFilter: t.expose('metaFilter', {
      type: FilterTrustType,
      description: 'Reliability of its filter by `meta`.',
    }),
    timeFilter: t.expose('timeFilter', {
      type: FilterTrustType,
      description: 'Reliability of its filters by time.',
    }),
    keepsMeta: t.exposeBoolean('keepsMeta', {
      nullable: true,
      description: 'True if it keeps `meta`; null until pinql knows.',
    }),
    lessons: t.expose('lessons', {
      type: [LessonType],
      description: 'Lessons from its answers, beyond what was known or configured, oldest first.',
    }),
  }),
})
