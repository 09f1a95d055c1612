/**
 * Parses `Bearer TOKEN`, the value of an `Authorization` header as RFC 6750 writes it. A token has printable ASCII characters and no spaces.
 *
 * @returns null for any other text, without a header, and where the token is the word `Bearer` itself
 */
export function parseBearerToken(authorization: string | undefined): string | null {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1] ?? null
  return token?.toLowerCase() === 'bearer' ? null : token
}
