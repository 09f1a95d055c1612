import { BadRequestError } from '../../../domain/errors.ts'
import { PIN_STATUSES } from '../../../domain/pin.ts'
import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import { emptyFormOf, ListNotFoundError, SpecifiedRefusalError } from '../../http/refusals.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'

/** A query with invalid values. A service that validates queries refuses it. */
const MALFORMED: ListQuery = { statuses: PIN_STATUSES, before: 'never', limit: 0 }
/** Lists that most accounts have a pin in. At some services, those of several statuses are always empty. */
const ANY_PIN: readonly ListQuery[] = [
  { statuses: PIN_STATUSES, limit: 1 },
  { statuses: ['pinned'], limit: 1 },
]

const EMPTY: PinPage = { count: 0, pins: [] }
/** An empty list whose form has no `count`. */
const EMPTY_WITHOUT_COUNT: PinPage = { count: null, pins: [] }

/**
 * Finds out whether an answer without a list is how a stranger writes an empty list. It may also come from a wrong endpoint, or from
 * a proxy whose service is down.
 */
export class EmptyAnswers {
  readonly #account: CheckedAccount
  readonly #question = new OneAtATime()

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /** Returns the empty list that an error stands for, if that is known; otherwise null. */
  known(error: unknown): PinPage | null {
    const form = emptyFormOf(error)
    return form !== null && this.#account.known.answers.isEmptyForm(form) ? EMPTY_WITHOUT_COUNT : null
  }

  /** Returns whether an error may stand for an empty list. */
  isOpen(error: unknown): boolean {
    return error instanceof ListNotFoundError || (this.#account.known.isStranger && emptyFormOf(error) !== null)
  }

  /**
   * Returns the list that an answer without one stands for: an empty one as a rule.
   *
   * @param error what `ask` failed with
   * @param askUnlearned sends one `GET /pins`, from which nothing is learned
   * @throws the error, unless it means an empty list
   */
  async read(query: ListQuery, error: unknown, ask: AskForPage, askUnlearned: AskForPage): Promise<PinPage> {
    if (!this.isOpen(error)) throw error
    let page: PinPage | null = null
    await this.#question.run(
      () => this.#knownNow(error) === null,
      async () => {
        page =
          error instanceof ListNotFoundError
            ? await this.#readNotFound(error, askUnlearned)
            : await this.#readForm(query, error, ask, askUnlearned)
      },
    )
    return page ?? this.#knownNow(error) ?? EMPTY
  }

  /** Returns the empty list that an error stands for, if another answer has shown it since the list was refused. */
  #knownNow(error: unknown): PinPage | null {
    if (!(error instanceof ListNotFoundError)) return this.known(error)
    return this.#account.capabilities.emptyListIs404 ? EMPTY : null
  }

  async #readForm(query: ListQuery, error: unknown, ask: AskForPage, askUnlearned: AskForPage): Promise<PinPage> {
    const form = emptyFormOf(error)
    // If the endpoint has never listed anything, the fault must be in the specification's words, since other APIs find faults, too.
    const Refusal = this.#account.known.answers.hasListed ? BadRequestError : SpecifiedRefusalError
    if (!(await this.#isProven(askUnlearned, Refusal))) throw error
    // The service lists now. If the same list is answered in the same way again, that was no failure of a moment.
    try {
      return await ask(query)
    } catch (again) {
      if (form === null || emptyFormOf(again) !== form) throw again
      this.#account.known.answers.learnEmptyForm(form)
      return EMPTY_WITHOUT_COUNT
    }
  }

  /**
   * Finds out what a list that was refused with 404 means, from a service that has not listed anything yet.
   *
   * A service that finds fault with a malformed list has lists. So the list before was empty, and the endpoint is right. So it is if
   * another list has a pin.
   */
  async #readNotFound(refusal: ListNotFoundError, askUnlearned: AskForPage): Promise<PinPage> {
    if (!(await this.#isProven(askUnlearned, BadRequestError))) throw refusal
    this.#account.known.observeEmptyListIs404()
    return EMPTY
  }

  /**
   * Returns whether the endpoint lists pins, and does so now: it finds fault with a malformed list, or lists a pin.
   *
   * @param Refusal what the fault must be
   */
  async #isProven(askUnlearned: AskForPage, Refusal: typeof BadRequestError): Promise<boolean> {
    for (const query of [MALFORMED, ...ANY_PIN]) {
      try {
        if (recordCount(await askUnlearned(query)) > 0) return true
      } catch (error) {
        if (query === MALFORMED && error instanceof Refusal) return true
        const isEmpty = error instanceof ListNotFoundError || emptyFormOf(error) !== null
        if (!(error instanceof BadRequestError) && !isEmpty) throw error
      }
    }
    return false
  }
}
