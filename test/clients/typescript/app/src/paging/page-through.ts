import { readError, readErrors } from 'pinql/client'

/** The content of a page of the app: the pins that the client's cache has for the list, and whether more follow. */
export interface Shown {
  readonly names: readonly (string | null | undefined)[]
  readonly hasNextPage: boolean
}

/** The payload of a removal. */
export interface Removal {
  readonly error?: unknown
}

/** A list that grows page by page. `next` rejects when the page cannot be read. */
export interface PagedList {
  /** Reads the first page. */
  start(): Promise<unknown>
  next(): Promise<unknown>
  /** Asks the service to remove the newest pin, and lets the cache know of the answer. */
  removeFirst(): Promise<Removal | null | undefined>
  /** Reads nothing but the cache. */
  shown(): Shown
}

/**
 * Reads all pages, each again until it succeeds, then removes a pin. The removal is refused at first, and sent again.
 *
 * Prints what was shown at each step, and `more`.
 */
export async function pageThrough(client: string, list: PagedList, more?: () => Promise<object>): Promise<void> {
  await list.start()
  const counts = [list.shown().names.length]
  const failures: string[] = []
  while (list.shown().hasNextPage) {
    try {
      await list.next()
    } catch (reason) {
      const [error] = readErrors(reason)
      failures.push(`${error?.code}: ${list.shown().names.length} shown`)
      if (failures.length > 3) throw reason
      continue
    }
    counts.push(list.shown().names.length)
    if (counts.at(-1) === counts.at(-2)) throw new Error(`expected a longer list after a page, got ${counts}`)
  }
  const { names } = list.shown()
  const refused = await list.removeFirst()
  const removal = { error: readError(refused?.error)?.code, kept: list.shown().names }
  await list.removeFirst()
  const left = list.shown().names
  process.stdout.write(`${JSON.stringify({ client, counts, failures, names, removal, left, ...(await more?.()) })}\n`)
}
