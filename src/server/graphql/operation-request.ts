/** What a client asks for, by whatever transport. */
export interface OperationRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

/** Equal for requests that mean the same: the order of an object's keys means nothing. */
export function canonicalRequest({ query, operationName, variables }: OperationRequest): string {
  return JSON.stringify([query, operationName ?? null, variables ?? {}], sortKeys)
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
