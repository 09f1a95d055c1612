import { formatInstant, parseInstant, SECOND_NS } from '../../../domain/instant.ts'
import type { ListQuery, TimeForm } from '../../http/list-query.ts'
import type { TokenRefusals } from '../../learning/token-refusals.ts'

/** The specification's default `limit`. No service refuses it. */
export const ACCEPTED_LIMIT = 10

const DAY_NS = 86_400n * SECOND_NS

/**
 * Returns a query without what is known to be refused. The answer to it has all pins that match, and maybe more.
 *
 * @param timeForm the only form of times that the service takes; null while it takes both
 */
export function withoutRefused(
  query: ListQuery,
  { maxLimit, refusesAfter }: Pick<TokenRefusals, 'maxLimit' | 'refusesAfter'>,
  timeForm: TimeForm | null,
): ListQuery {
  let accepted = query
  if (query.limit > maxLimit) accepted = { ...accepted, limit: maxLimit }
  if (refusesAfter && query.after !== undefined) accepted = { ...accepted, after: undefined }
  return timeForm === null ? accepted : inForm(accepted, timeForm)
}

/** Returns the form of a query's times; null without times. */
export function formOf({ before, after }: ListQuery): TimeForm | null {
  const text = before ?? after
  if (text === undefined) return null
  return parseInstant(text).digits > 0 ? 'fraction' : 'whole'
}

/** Prints the times of a query in whole seconds, widened to them, or with a fraction. */
export function inForm(query: ListQuery, form: TimeForm): ListQuery {
  const { before, after } = query
  return {
    ...query,
    ...(before === undefined ? {} : { before: textInForm(before, form, SECOND_NS - 1n) }),
    ...(after === undefined ? {} : { after: textInForm(after, form, 0n) }),
  }
}

/** Returns an `after` that no service refuses for its value: well before `before`, or else some years ago. */
export function harmlessAfter(query: ListQuery, form: TimeForm): string {
  const ns =
    query.before === undefined ? parseInstant('2020-01-01T00:00:00Z').ns : parseInstant(query.before).ns - DAY_NS
  return print(ns, form)
}

/** @param widening what is added before the time is cut to a whole second */
function textInForm(text: string, form: TimeForm, widening: bigint): string {
  const { ns, digits } = parseInstant(text)
  return digits > 0 === (form === 'fraction') ? text : print(ns + (form === 'whole' ? widening : 0n), form)
}

function print(ns: bigint, form: TimeForm): string {
  return formatInstant(ns, form === 'whole' ? 0 : 3)
}
