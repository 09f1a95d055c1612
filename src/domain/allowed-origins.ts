import { isLoopbackHost } from './loopback-host.ts'

/**
 * Creates a function that tells whether the pages of an origin may read answers.
 *
 * @param rules as in the setting `corsOrigins`: origins, `loopback`, `null`, `*`, and origins with `*.` for all names below a host
 */
export function createOriginCheck(rules: readonly string[]): (origin: string) => boolean {
  const origins = new Set(rules)
  const wildcards = rules.filter((rule) => rule.includes('://*.'))
  return (origin) =>
    origins.has('*') ||
    origins.has(origin) ||
    wildcards.some((rule) => isBelow(origin, rule)) ||
    (origins.has('loopback') && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname))
}

/**
 * Returns whether an origin has a name below that of a rule.
 *
 * @param rule such as `https://*.example.com`
 */
function isBelow(origin: string, rule: string): boolean {
  const [scheme = '', parent = ''] = rule.split('*')
  if (!origin.startsWith(scheme) || !origin.endsWith(parent)) return false
  return /^[\w-]+(?:\.[\w-]+)*$/.test(origin.slice(scheme.length, -parent.length))
}
