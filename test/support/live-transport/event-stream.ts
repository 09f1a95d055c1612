/** One event of a stream as the browser's `EventSource` would see it. */
interface StreamEvent {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** The answer to a request for an event stream. */
export interface EventStream {
  readonly response: Response
  /** Ends when the response does. */
  readonly events: AsyncGenerator<StreamEvent, void, void>
  close(): void
}

/** Reads server-sent events, from a GET with the operation in the query as `EventSource` sends it, or a POST. */
export async function openEventStream(
  url: string,
  operation: { query: string; variables?: unknown },
  options: { headers?: Record<string, string>; method?: 'GET' | 'POST' } = {},
): Promise<EventStream> {
  const { headers = {}, method = 'GET' } = options
  const abort = new AbortController()
  const accept = { accept: 'text/event-stream', ...headers }
  const { query, variables = {} } = operation
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) })
  const response =
    method === 'GET'
      ? await fetch(`${url}?${search}`, { headers: accept, signal: abort.signal })
      : await fetch(url, {
          method,
          headers: { ...accept, 'content-type': 'application/json' },
          body: JSON.stringify(operation),
          signal: abort.signal,
        })
  return { response, events: readEvents(response), close: () => abort.abort() }
}

async function* readEvents(response: Response): AsyncGenerator<StreamEvent, void, void> {
  let text = ''
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = text
        .slice(0, end)
        .split('\n')
        .map((line) => line.split(/: ?(.*)/s) as [string, string])
      text = text.slice(end + 2)
      const field = (name: string) => fields.find(([each]) => each === name)?.[1]
      const data = field('data')
      if (data !== undefined) yield { event: field('event') ?? 'message', id: field('id') ?? null, data }
    }
  }
}
