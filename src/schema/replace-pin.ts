import { type ReplacePinInput, type ReplacePinResult, replacePin } from '../resolvers/replace-pin.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'
import { costs } from './field-cost.ts'
import { ERROR, IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_USED, REPLACEMENT_CANDIDATES } from './payload-descriptions.ts'
import { PinType } from './pin.ts'

const PinPartType = builder.enumType('PinPart', {
  description: 'A part of a pin that a replacement can empty.',
  values: {
    NAME: { value: 'name', description: 'Its name: the new pin has none.' },
    META: { value: 'meta', description: 'Its `meta`: the new pin has no entries.' },
    ORIGINS: { value: 'origins', description: 'Its origins: the new pin names no peers.' },
  } as const,
})

const ReplacePinInputType = builder.inputType('ReplacePinInput', {
  description:
    'A pin to replace, and what to change. A field that is left out or null stays as it was; `clear` empties a part. Name at least one change.',
  fields: (t) =>
    ({
      id: t.id({ required: true, description: 'Global id of the pin to replace.' }),
      cid: t.field({
        type: 'CID',
        description: 'Root of the new content. Name the old CID to have the same content pinned again.',
      }),
      name: t.string({ description: 'New name, at most 255 characters. An empty text is refused: use `clear`.' }),
      meta: t.field({
        type: 'StringMap',
        description: 'New entries, at most 999, in place of all old ones. An empty object is refused: use `clear`.',
      }),
      origins: t.field({
        type: ['Multiaddr'],
        description: 'Peers that have the content, at most 20. An empty list is refused: use `clear`.',
      }),
      clear: t.field({ type: [PinPartType], description: 'Parts that the new pin does not have.' }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }) satisfies Record<keyof ReplacePinInput, unknown>,
})

const ReplacePinPayloadType = builder.objectRef<ReplacePinResult>('ReplacePinPayload').implement({
  description: 'Result of replacing a pin: either `pin` or `error` is set.',
  fields: (t) => ({
    pin: t.expose('pin', {
      type: PinType,
      nullable: true,
      description: 'The new pin. It usually has a new id. Null when the change failed.',
    }),
    replacedId: t.exposeID('replacedId', {
      nullable: true,
      description:
        'Global id of the pin that is gone; remove it from your cache. Null when the change failed, or the pin kept its id.',
    }),
    error: t.field({
      type: ErrorType,
      nullable: true,
      description: ERROR,
      resolve: ({ error }) => toErrorValue(error),
    }),
    idempotencyKey: t.exposeString('idempotencyKey', { description: IDEMPOTENCY_KEY_USED }),
    candidates: t.expose('candidates', { type: [PinType], description: REPLACEMENT_CANDIDATES }),
  }),
})

builder.mutationField('replacePin', (t) =>
  t.field({
    type: ReplacePinPayloadType,
    description:
      'Replaces a pin by another one: changes its content, or renames it. Blocks that both share are kept throughout. Where a service cannot replace in a single step, pinql adds the new pin first and then removes the old one. A service that leaves the name or `meta` as it was gives the error `BAD_REQUEST`. Costs one upstream request, and one more to read the old pin unless name, `meta` and origins are all given or cleared. Where pinql adds and then removes, the old pin is always read, and the removal is one more.',
    args: {
      input: t.arg({ type: ReplacePinInputType, required: true, description: 'The pin, and what to change.' }),
    },
    // One request, or three where a service cannot replace: the old pin is read, the new one added, the old one removed.
    ...costs({ requests: (_args, times) => 3 * times }),
    resolve: (_root, args, context) => replacePin(args.input, context),
  }),
)
