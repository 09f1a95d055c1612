import { expect, it } from 'vitest'
import { formatLogLine } from '../../../src/observability/format-log-line.ts'

it('shows time, level, message and fields in one line', () => {
  const line = JSON.stringify({
    level: 'warn',
    time: '2026-01-31T12:00:00.000Z',
    msg: 'slow',
    service: 'filebase',
    ms: 12,
  })
  expect(formatLogLine(line)).toBe('12:00:00 warn  slow service=filebase ms=12\n')
})

it('shows the stack of an error below', () => {
  const line = JSON.stringify({
    level: 'error',
    time: '2026-01-31T12:00:00.000Z',
    msg: 'bug',
    err: { stack: 'Error: x\n at y' },
  })
  expect(formatLogLine(line)).toBe('12:00:00 error bug\nError: x\n at y\n')
})

it('passes on what is not JSON', () => {
  expect(formatLogLine('plain\n')).toBe('plain\n')
})
