import type { BugLog } from '../../src/resolvers/context.ts'

/** Throws each bug that a context would log and mask, so that a test fails with the bug itself. */
export const THROW_BUGS: BugLog = {
  error({ err }) {
    throw err
  },
}
