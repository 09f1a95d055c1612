import type { Lesson } from '../upstream/learned-capabilities.ts'
import type { PinningService } from '../upstream/pinning-service.ts'
import { builder } from './builder.ts'

const ListOrderRef = builder.enumType('ListOrder', {
  description: 'In which order a service lists its pins.',
  values: {
    NEWEST_FIRST: { value: 'newest-first', description: 'As the specification says.' },
    OLDEST_FIRST: {
      value: 'oldest-first',
      description: 'The other way round: the list is read whole and sorted by the gateway.',
    },
    NONE: { value: 'none', description: 'None: the list is read whole and sorted by the gateway.' },
  } as const,
})

const FilterTrustRef = builder.enumType('FilterTrust', {
  description: 'How far a filter of a service can be relied on.',
  values: {
    EXACT: { value: 'exact', description: 'It returns what matches and nothing else.' },
    LOOSE: { value: 'loose', description: 'It may return more; the gateway filters again.' },
    UNUSABLE: { value: 'unusable', description: 'It may hide pins that match; the gateway filters instead.' },
  } as const,
})

const LessonRef = builder.objectRef<Lesson>('CapabilityLesson').implement({
  description: 'Something that an answer of a service proved.',
  fields: (t) => ({
    capability: t.exposeString('capability', { description: 'Which capability it is about.' }),
    proof: t.exposeString('proof', { description: 'What was seen.' }),
  }),
})

export const ServiceCapabilitiesRef = builder.objectRef<PinningService>('ServiceCapabilities').implement({
  description: 'How a service keeps to the Pinning Service API. The gateway makes up for what is missing.',
  fields: (t) => ({
    provider: t.string({
      nullable: true,
      description: 'The known provider it was taken for; null for a stranger.',
      resolve: ({ settings }) => settings.provider,
    }),
    maxCids: t.int({ description: 'Most CIDs in one list.', resolve: ({ capabilities }) => capabilities.maxCids }),
    maxLimit: t.int({
      nullable: true,
      description: 'Most pins in one list; null where there is no bound.',
      resolve: ({ capabilities: { maxLimit } }) => (Number.isFinite(maxLimit) ? maxLimit : null),
    }),
    order: t.field({
      type: ListOrderRef,
      nullable: true,
      description: 'In which order it lists. Null while too little was seen.',
      resolve: ({ capabilities }) => capabilities.order,
    }),
    createdDigits: t.int({
      nullable: true,
      description:
        'Fraction digits of its timestamps: 0 for whole seconds, 3 for milliseconds. Null while none was seen.',
      resolve: ({ capabilities }) => capabilities.createdDigits,
    }),
    cidFilter: t.field({
      type: FilterTrustRef,
      description: 'Its filter by CID.',
      resolve: ({ capabilities }) => capabilities.cidFilter,
    }),
    statusFilter: t.field({
      type: FilterTrustRef,
      description: 'Its filter by several statuses.',
      resolve: ({ capabilities }) => capabilities.statusFilter,
    }),
    metaFilter: t.field({
      type: FilterTrustRef,
      description: 'Its filter by meta.',
      resolve: ({ capabilities }) => capabilities.metaFilter,
    }),
    timeFilter: t.field({
      type: FilterTrustRef,
      description: 'Its filter by time.',
      resolve: ({ capabilities }) => capabilities.timeFilter,
    }),
    keepsMeta: t.boolean({
      nullable: true,
      description: 'Whether it keeps meta. Null while it is not known.',
      resolve: ({ capabilities }) => capabilities.keepsMeta,
    }),
    lessons: t.field({
      type: [LessonRef],
      description: 'What its answers taught beyond what was known, oldest first.',
      resolve: ({ known }) => known.lessons,
    }),
  }),
})
