import { BadRequestError } from '../../../domain/errors.ts'
import { PIN_STATUSES } from '../../../domain/pin.ts'
import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import { emptyFormOf, ListNotFoundError, SpecifiedRefusalError } from '../../http/refusals.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'

/** A query with invalid values. A service that validates queries refuses it. */
const MALFORMED: ListQuery = { statuses: PIN_STATUSES, before: 'never', limit: 0 }
const ANY_PIN: ListQuery = { statuses: PIN_STATUSES, limit: 1 }

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
    if (!(await this.#isProven(askUnlearned))) throw error
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
   * A service that finds fault with a malformed list has lists. So the list before was empty, and the endpoint is right.
   */
  async #readNotFound(refusal: ListNotFoundError, askUnlearned: AskForPage): Promise<PinPage> {
    const { known } = this.#account
    try {
      await askUnlearned(MALFORMED)
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw refusal
      known.observeEmptyListIs404()
    }
    if (!this.#account.capabilities.emptyListIs404) throw refusal
    return EMPTY
  }

  /**
   * Returns whether the endpoint lists pins, and does so now: it finds fault with a malformed list, or lists a pin. If it has never
   * listed any, the fault must be in the specification's words, since other APIs find faults, too.
   */
  async #isProven(askUnlearned: AskForPage): Promise<boolean> {
    const Refusal = this.#account.known.answers.hasListed ? BadRequestError : SpecifiedRefusalError
    for (const query of [MALFORMED, ANY_PIN]) {
      try {
        if (recordCount(await askUnlearned(query)) > 0) return true
      } catch (error) {
        if (error instanceof Refusal && query === MALFORMED) return true
        if (!(error instanceof BadRequestError) && emptyFormOf(error) === null) throw error
      }
    }
    return false
  }
}
