import type { PinProgress } from '../domain/pin-progress.ts'
import { builder } from './builder.ts'

export const PinProgressType = builder.objectRef<PinProgress>('PinProgress').implement({
  description: 'How much of its content a pin has. Services report more or less of it; the rest is null.',
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

/** Services write what they like; what GraphQL's `Int` of 32 bits cannot hold would be an error of the field. */
function toInt(value: number | null): number | null {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? value : null
}
