/**
 * Sets `NODE_ENV` to `production` unless it is set.
 *
 * Must be called before libraries are imported, since they read it then. In production, graphql omits a check of its own types
 * that it would repeat several times per field: a tenth of the time of a long list.
 */
export function defaultToProduction(): void {
  process.env.NODE_ENV ||= 'production'
}
