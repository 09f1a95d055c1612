/**
 * Sets `NODE_ENV` to `production` unless it is set.
 *
 * Libraries look at it when they are imported, so this must come before: graphql then leaves out a check of its own types
 * that it makes several times a field, which is a tenth of what a long list costs.
 */
export function defaultToProduction(env: NodeJS.ProcessEnv = process.env): void {
  env.NODE_ENV ||= 'production'
}
