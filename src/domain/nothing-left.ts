/**
 * Takes what is left of an object when its fields have been taken out, and does nothing. It does not compile when a field is
 * left: whoever adds one to the type has to decide what becomes of it there.
 */
export function nothingLeft(_others: Record<string, never>): void {}
