/** A value in an answer that is not what it must be. */
export class Mismatch extends Error {
  /** Where it stands, such as `pin.origins.0`; empty for the answer itself. */
  readonly path: string

  constructor(message: string, details: { path: string; cause?: unknown }) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.path = details.path
  }
}

export function readObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw unexpected(value, 'object', path)
}

export function readText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw unexpected(value, 'string', path)
}

/** Reads each element with `read`; what that finds is told with the element's place before it. */
export function readList<Value>(value: unknown, path: string, read: (element: unknown) => Value): Value[] {
  if (!Array.isArray(value)) throw unexpected(value, 'array', path)
  return value.map((element, index) => {
    try {
      return read(element)
    } catch (cause) {
      if (!(cause instanceof Mismatch)) throw cause
      throw new Mismatch(cause.message, { path: `${path}.${index}${cause.path && `.${cause.path}`}`, cause })
    }
  })
}

function unexpected(value: unknown, expected: string, path: string): Mismatch {
  const received = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return new Mismatch(`Invalid input: expected ${expected}, received ${received}`, { path })
}
