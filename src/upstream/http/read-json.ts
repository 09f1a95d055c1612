/** Thrown for a value in an answer that has the wrong type or form. */
export class Mismatch extends Error {
  /** Path of the value, such as `pin.origins.0`. Empty for the whole answer. */
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

/** Reads each element of an array with `read`. The path of the element is put before the path of a mismatch. */
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
