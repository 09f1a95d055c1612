import { builder } from './builder.ts'

export const PinStatusType = builder.enumType('PinStatus', {
  description:
    'Status of a pin. `PINNED` and `FAILED` are settled: no further change is expected, though a service may retry a failed pin.',
  values: {
    QUEUED: { value: 'queued', description: 'The service has accepted the pin and not begun to fetch its content.' },
    PINNING: { value: 'pinning', description: 'The service is looking for the content, or fetching it.' },
    PINNED: { value: 'pinned', description: 'The service has all of the content.' },
    FAILED: {
      value: 'failed',
      description: 'The service gave up; `failureReason` says why. Some services retry later.',
    },
  } as const,
})
