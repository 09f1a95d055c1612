import { builder } from './builder.ts'

export const PinStatusRef = builder.enumType('PinStatus', {
  description: 'Where a pin is in its life.',
  values: {
    QUEUED: { value: 'queued', description: 'Taken in; nothing is being fetched yet.' },
    PINNING: { value: 'pinning', description: 'The service is finding and fetching the content.' },
    PINNED: { value: 'pinned', description: 'The service holds the content.' },
    FAILED: {
      value: 'failed',
      description: 'The service gave up; see `failureReason`. Some services try again later.',
    },
  } as const,
})
