import { parse } from 'graphql'
import type { Plugin } from '../yoga.ts'

// GraphiQL's introspection has 400; a mutation that adds 100 pins without variables about 2,000.
const MAX_TOKENS = 5_000

/** Refuses a document of too many words while it is read, before validation, whose cost grows faster than its length. */
export function useTokenLimit(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => parse(source, { ...options, maxTokens: MAX_TOKENS }))
    },
  }
}
