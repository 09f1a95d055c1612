/**
 * Returns the token in `Bearer TOKEN`, the value of an `Authorization` header as RFC 6750 writes it. Null for any other text, and without
 * a header. Tokens are printable characters without spaces.
 */
export function bearerToken(authorization: string | undefined): string | null {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1] ?? null
  return token?.toLowerCase() === 'bearer' ? null : token
}
