/** Thrown for a value in an answer that has the wrong type or form. */
export class Mismatch extends Error {
  /** Path of the value, such as `pin.origins.0`. Empty for the whole answer. */
  readonly path: string

  constructor(message: string, details: { path: string; cause?: unknown }) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.path = details.path
  }

  /** Returns the same mismatch, with the path of the value that contains it. */
  below(path: string): Mismatch {
    return new Mismatch(this.message, { path: `${path}${this.path && `.${this.path}`}`, cause: this })
  }
}

/** Returns a value of an answer as an object. Throws {@link Mismatch} for anything else, arrays included. */
export function readObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw unexpected(value, 'object', path)
}

/** Returns the members of a value of an answer. None for anything but an object or an array. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Returns a value of an answer as text. Throws {@link Mismatch} for anything else, numbers included. */
export function readText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw unexpected(value, 'string', path)
}

/** Returns a value of an answer as an array, whose elements are not checked. Throws {@link Mismatch} for anything else. */
export function readArray(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unexpected(value, 'array', path)
}

function unexpected(value: unknown, expected: string, path: string): Mismatch {
  const received = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return new Mismatch(`Invalid input: expected ${expected}, received ${received}`, { path })
}
