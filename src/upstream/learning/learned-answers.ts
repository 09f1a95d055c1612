import type { TimeForm } from '../http/list-query.ts'

/** Lessons from a service's answers and refusals: about the requests that it takes, and about its words for an empty list. */
export class LearnedAnswers {
  readonly #emptyForms = new Set<string>()
  /** True once a list was answered. From then on, the endpoint cannot be wrong. */
  hasListed = false
  /** True once a list had a valid pin. From then on, a list of other records alone is no list of another API. */
  hasListedPins = false
  /** The only form of times that the service takes; null while it takes both. */
  timeForm: TimeForm | null = null
  /** True once a list had more records than requested, and more than one. */
  ignoresLimit = false
  /** True once a list had as many records as requested. Until then, the service may list one less. */
  fillsLimit = false
  /** True once lists were shown to find the first of their CIDs and the last. */
  findsSeveralCids = false

  /** Notes that a list with this `limit` was answered. */
  listed(limit: number, records: number): void {
    this.ignoresLimit ||= records > limit + 1
    this.fillsLimit ||= limit > 1 && records >= limit
    this.hasListed = true
  }

  /** Notes that an answer of this form is an empty list. */
  learnEmptyForm(form: string): void {
    this.#emptyForms.add(form)
  }

  isEmptyForm(form: string): boolean {
    return this.#emptyForms.has(form)
  }
}
