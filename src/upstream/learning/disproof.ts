import type { Capabilities } from '../providers/capabilities.ts'

/** A capability that an answer has disproved, and what is true instead. */
export interface Disproof {
  readonly change: Partial<Capabilities>
  readonly capability: keyof Capabilities
  /** The evidence, in a sentence. */
  readonly proof: string
}
