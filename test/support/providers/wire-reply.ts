/** One HTTP answer as a service writes it. */
export interface WireReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer of any content type. */
export function reply(status: number, contentType: string, body: string): WireReply {
  return { status, headers: { 'content-type': contentType }, body }
}

/** A JSON answer. */
export function jsonReply(status: number, body: unknown): WireReply {
  return reply(status, 'application/json', JSON.stringify(body))
}

/** An answer with neither body nor content type. */
export function emptyReply(status: number): WireReply {
  return { status, headers: {}, body: '' }
}
