import type { PinProgress } from '../domain/pin-info.ts'
import { builder } from './builder.ts'
import { toInt } from './int.ts'

export const PinProgressType = builder.objectRef<PinProgress>('PinProgress').implement({
  description: 'Progress of a pin. A field that the service does not report is null.',
  fields: (t) => ({
    blocks: t.int({
      nullable: true,
      description: 'Number of blocks that the service has so far.',
      resolve: ({ blocks }) => toInt(blocks),
    }),
    totalBlocks: t.int({
      nullable: true,
      description: 'Number of blocks of the whole content.',
      resolve: ({ totalBlocks }) => toInt(totalBlocks),
    }),
    bytes: t.exposeFloat('bytes', { nullable: true, description: 'Bytes that the service has so far.' }),
    totalBytes: t.exposeFloat('totalBytes', { nullable: true, description: 'Bytes of the whole content.' }),
    percent: t.exposeFloat('percent', {
      nullable: true,
      description: 'Share that the service has, 0 to 100. While it fetches, this can be an estimate.',
    }),
  }),
})
