import { expect, it, onTestFinished } from 'vitest'
import { logUnhandledRejections } from '../../../src/cli/log-unhandled-rejections.ts'

it('logs a rejection that nobody handles', () => {
  const others = process.listeners('unhandledRejection')
  const logged: unknown[] = []
  logUnhandledRejections({ error: (...line: unknown[]) => void logged.push(line) })
  const [listener] = process.listeners('unhandledRejection').filter((each) => !others.includes(each))
  onTestFinished(() => void process.off('unhandledRejection', listener as NodeJS.UnhandledRejectionListener))

  const err = new Error('left behind')
  listener?.(err, Promise.resolve())
  expect(logged).toEqual([[{ err }, 'Unexpected error']])
})
