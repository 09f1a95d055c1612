// The one file that imports Yoga. The build bundles it with all its imports except graphql, so that nobody installs Yoga's
// own dependencies. One of those refuses Node 20, and npm applies our `overrides` in a checkout only.

import type { ExecutionResult } from 'graphql'
import { processRegularResult } from 'graphql-yoga'

export { createYoga, type Plugin, type YogaInitialContext, type YogaServerInstance } from 'graphql-yoga'

/** Stands in for fetch's class `Response`. */
type AnswerClass<Answer> = new (
  text: string,
  init: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
) => Answer

/**
 * Answers the result of a query or mutation as Yoga does, without fetch's `Response`.
 *
 * Yoga's own type asks for all classes of fetch. It uses `Response` only.
 *
 * @param parts.Response its text is the body, in JSON. The names of its headers are as Yoga writes them.
 * @param type the content type of the answer, without a charset
 */
export const answerAsYoga = processRegularResult as <Answer>(
  result: ExecutionResult,
  parts: { readonly Response: AnswerClass<Answer> },
  type: string,
) => Answer

// Motion, GraphiQL's drag library, keeps a `translateX` on every tab that changed its size, as all tabs do once the fonts
// are loaded. GraphiQL's style hides this transform only until the tab is focused: pressing the mouse button then moved
// the tab away, and the click was lost. Tabs can still be dragged, since Motion reorders them while they are dragged.
const TAB_STYLE = '<style>.graphiql-tab{transform:none!important}</style>'

/** Renders GraphiQL's page. Its script has nine megabytes, so it is loaded only when somebody opens the page. */
export async function renderGraphiQL(options: Record<string, unknown>): Promise<string> {
  const page = await import('@graphql-yoga/render-graphiql')
  return page.renderGraphiQL(options).replace('</head>', `${TAB_STYLE}</head>`)
}
