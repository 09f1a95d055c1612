/** A service's reason for refusing a request. The form of its error bodies decides how much of the reason the client sees. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly reason: string
  readonly details: string

  constructor(status: number, reason: string, details: string, options?: ErrorOptions) {
    super(`${status} ${reason}: ${details}`, options)
    this.status = status
    this.reason = reason
    this.details = details
  }

  /** 400: the client's own mistake. */
  static badRequest(details: string, cause?: unknown): Refusal {
    return new Refusal(400, 'BAD_REQUEST', details, { cause })
  }
}
