import type { PinFilterInput } from '../resolvers/pin-filter.ts'
import { builder } from './builder.ts'
import { PinStatusType } from './pin-status.ts'

const NameMatchType = builder.enumType('NameMatch', {
  description: 'Comparison of `PinFilter.name` with the name of a pin.',
  values: {
    EXACT: { value: 'exact', description: 'The whole name must be equal, upper and lower case included.' },
    IEXACT: { value: 'iexact', description: 'The whole name must be equal in any mix of upper and lower case.' },
    PARTIAL: { value: 'partial', description: 'The name must contain the text, upper and lower case included.' },
    IPARTIAL: { value: 'ipartial', description: 'The name must contain the text in any mix of upper and lower case.' },
  } as const,
})

export const PinFilterType = builder.inputType('PinFilter', {
  description:
    'Conditions on pins. A pin must meet all that are given; a field that is left out, null or an empty text is no condition.',
  fields: (t) =>
    ({
      cid: t.field({
        type: ['CID'],
        description:
          'CIDs, at most 100: the pin must have one of them. Versions and bases do not matter. Every ten CIDs cost one upstream request.',
      }),
      name: t.string({
        description: 'Name, or a part of it as `match` says, at most 255 characters.',
      }),
      match: t.field({
        type: NameMatchType,
        defaultValue: 'exact',
        description: 'Comparison of `name` with the name of a pin.',
      }),
      status: t.field({
        type: [PinStatusType],
        description: 'Statuses: the pin must have one of them. An empty list matches nothing. Default: all four.',
      }),
      createdAfter: t.field({ type: 'DateTime', description: 'The pin must be newer than this instant.' }),
      createdBefore: t.field({ type: 'DateTime', description: 'The pin must be older than this instant.' }),
      meta: t.field({
        type: 'StringMap',
        description: "Entries that must all be among the pin's `meta`, with equal values.",
      }),
    }) satisfies Record<keyof PinFilterInput, unknown>,
})
