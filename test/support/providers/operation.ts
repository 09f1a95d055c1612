/** The five operations of the Pinning Service API. */
export type Operation = 'list' | 'add' | 'get' | 'replace' | 'remove'

export const OPERATIONS: readonly Operation[] = ['list', 'add', 'get', 'replace', 'remove']
