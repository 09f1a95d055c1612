/** Parses the header `Authorization: Bearer TOKEN`. Returns null where it is missing or has another form. */
export function parseBearerToken(authorization: string | undefined): string | null {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null
}
