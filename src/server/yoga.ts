// All of Yoga that the gateway uses, through one door: the build bundles this file with what it imports, except graphql,
// so that nobody installs Yoga's own dependencies. One of those refuses Node 20, and npm heeds our `overrides` in a
// checkout only.

export {
  createYoga,
  handleStreamOrSingleExecutionResult,
  type Plugin,
  processRegularResult,
  type YogaServerInstance,
} from 'graphql-yoga'

/** Makes GraphiQL's page: nine megabytes of script, which cost time and memory once somebody opens it, and not before. */
export async function renderGraphiQL(options?: Record<string, unknown>): Promise<string> {
  const page = await import('@graphql-yoga/render-graphiql')
  return page.renderGraphiQL(options)
}
