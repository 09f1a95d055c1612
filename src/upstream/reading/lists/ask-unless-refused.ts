import { BadRequestError } from '../../../domain/errors.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'

/**
 * Requests a list that a service may refuse, for a part that the specification allows.
 *
 * @returns null if the service refuses the list with 400
 * @throws whatever else `ask` rejects with
 */
export async function askUnlessRefused(
  query: ListQuery,
  ask: (query: ListQuery) => Promise<PinPage>,
): Promise<PinPage | null> {
  try {
    return await ask(query)
  } catch (error) {
    if (error instanceof BadRequestError) return null
    throw error
  }
}
