import { BadRequestError } from '../../../domain/errors.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import { FailedAnswerError } from '../../http/refusals.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'
import { ACCEPTED_LIMIT, formOf, harmlessAfter, inForm, withoutRefused } from './refused-parts.ts'
import { tryUsualLimits } from './try-usual-limits.ts'

/** A list that was answered, and what was sent for it. */
interface Answered {
  readonly sent: ListQuery
  readonly page: PinPage
}

/**
 * Sends lists so that a stranger takes them.
 *
 * Some services refuse a `limit` above 50 or 100, times with a fraction or without, or `after` beside `before`. A refused list is
 * requested with the least of all that. If it is answered then, what was left out is added again, one part after the other, until
 * the refused part is known. So a list that is refused for another reason costs one request more, or two if it has times.
 *
 * A refused `limit` or `after` is known of the token only, since its plan may be the reason.
 */
export class RefusedLists {
  readonly #account: CheckedAccount
  readonly #question = new OneAtATime()

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /** Returns a query without what the service is known to refuse to this token. Unchanged at known providers. */
  accepted(query: ListQuery): ListQuery {
    return withoutRefused(query, this.#account.refusals, this.#account.known.answers.timeForm)
  }

  /** Returns whether a list may have been refused for a part that can be left out, so that the same list need not be tried again. */
  isAvoidable(query: ListQuery, error: unknown): boolean {
    if (!this.#account.known.isStranger) return false
    // Another list may have shown meanwhile what the service refuses.
    const isLimitOpen = leastLimit(query, this.#account) < query.limit || !isSame(this.accepted(query), query)
    return isFailure(error) ? isLimitOpen : error instanceof BadRequestError && (isLimitOpen || formOf(query) !== null)
  }

  /**
   * Requests a refused list in other words.
   *
   * @param query as it was sent
   * @returns a page that has all pins of the list, and maybe more
   * @throws the refusal, if no other words help
   */
  async askOtherwise(query: ListQuery, refusal: unknown, ask: AskForPage): Promise<PinPage> {
    if (!this.isAvoidable(query, refusal)) throw refusal
    let page: PinPage | null = null
    const isOpen = (): boolean => isSame(this.accepted(query), query)
    await this.#question.run(isOpen, async () => {
      page = await this.#askOtherwise(query, refusal, ask)
    })
    if (page !== null) return page
    // Another list has shown what the service refuses.
    const accepted = this.accepted(query)
    return ask(accepted).catch((error: unknown) => this.askOtherwise(accepted, error, ask))
  }

  async #askOtherwise(query: ListQuery, refusal: unknown, ask: AskForPage): Promise<PinPage> {
    const attempt = async (sent: ListQuery): Promise<Answered | null> => {
      // A failure may be temporary, so the same list is worth another request. A refusal is not.
      if (!isFailure(refusal) && isSame(sent, query)) return null
      try {
        return { sent, page: await ask(sent) }
      } catch (error) {
        if (isFailure(refusal) ? isFailure(error) : error instanceof BadRequestError) return null
        throw error
      }
    }
    for (const sent of this.#leastOf(query, refusal)) {
      const answered = await attempt(sent)
      if (answered !== null) return (await this.#addParts(query, answered, refusal, attempt)).page
    }
    throw refusal
  }

  /** The query with the smallest limit and one time, in each form of times, the specification's first; then without times. */
  #leastOf(query: ListQuery, refusal: unknown): ListQuery[] {
    const least = { ...query, limit: leastLimit(query, this.#account) }
    if (isFailure(refusal) || formOf(query) === null) return [least]
    const { after: _, ...withoutAfter } = least
    const timed = query.before === undefined ? least : withoutAfter
    const inForms = [inForm(timed, 'whole'), inForm(timed, 'fraction')]
    return (query.before === undefined ? [...inForms, withoutAfter] : inForms).filter((each) => !isSame(each, query))
  }

  async #addParts(query: ListQuery, least: Answered, refusal: unknown, attempt: Attempt): Promise<Answered> {
    const withLimit = await this.#addLimit(query, least, attempt)
    const withAfter = await this.#addAfter(query, withLimit, refusal, attempt)
    const [asked, form] = [formOf(query), formOf(withAfter.sent)]
    if (asked === null || form === null || asked === form) return withAfter
    const withForm = await attempt(inForm({ ...withAfter.sent, ...sentTimes(query, withAfter.sent) }, asked))
    if (withForm !== null) return withForm
    this.#account.known.observeTimeForm(form)
    return withAfter
  }

  async #addLimit({ limit }: ListQuery, least: Answered, attempt: Attempt): Promise<Answered> {
    if (least.sent.limit >= limit) return least
    const whole = await attempt({ ...least.sent, limit })
    if (whole !== null) return whole
    const smaller = await tryUsualLimits(least.sent.limit, limit, (usual) => attempt({ ...least.sent, limit: usual }))
    const best = smaller ?? least
    this.#account.refusals.observeLimit(best.sent.limit)
    return best
  }

  async #addAfter(query: ListQuery, least: Answered, refusal: unknown, attempt: Attempt): Promise<Answered> {
    const form = formOf(least.sent) ?? formOf(query)
    if (query.after === undefined || least.sent.after !== undefined || form === null) return least
    const withAfter = await attempt(inForm({ ...least.sent, after: query.after }, form))
    if (withAfter !== null) return withAfter
    // The value may have been refused, and not the parameter.
    if ((await attempt({ ...least.sent, after: harmlessAfter(least.sent, form) })) !== null) throw refusal
    this.#account.refusals.observeAfter()
    return least
  }
}

type Attempt = (sent: ListQuery) => Promise<Answered | null>

/** Returns the largest `limit` that the service certainly takes, at most that of the query. */
function leastLimit(query: ListQuery, { proofs }: CheckedAccount): number {
  return Math.min(query.limit, Math.max(ACCEPTED_LIMIT, proofs.largestLimit(query)))
}

/** Returns the times of a query, without `after` if it was not sent. */
function sentTimes({ before, after }: ListQuery, sent: ListQuery): Pick<ListQuery, 'before' | 'after'> {
  return { before, after: sent.after === undefined ? undefined : after }
}

function isFailure(error: unknown): boolean {
  return error instanceof FailedAnswerError && error.status === 500
}

function isSame(a: ListQuery, b: ListQuery): boolean {
  return a.limit === b.limit && a.before === b.before && a.after === b.after
}
