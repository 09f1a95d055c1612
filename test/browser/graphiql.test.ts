import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXAMPLES } from '../../src/server/pages/graphiql-examples.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'

const CHROMIUM = '/usr/bin/chromium'
const isMissing = !existsSync(CHROMIUM)
if (isMissing) process.stderr.write(`Skipping GraphiQL in a browser: no ${CHROMIUM} (apt-get install chromium)\n`)

describe.skipIf(isMissing)('GraphiQL in a browser', () => {
  let browser: Browser
  let gateway: TestGateway
  let page: Page
  const requested: string[] = []
  const problems: string[] = []

  beforeAll(async () => {
    gateway = await startTestGateway()
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    page = await openInFreshProfile()
  })

  /** Opens GraphiQL as somebody's first visit, and waits until its editor shows a query. */
  async function openInFreshProfile(width = 1280): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 720 } })
    // On the context, to see the requests of workers too.
    context.on('request', (request) => requested.push(request.url()))
    const opened = await context.newPage()
    opened.on('pageerror', (error) => problems.push(error.message))
    opened.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    await opened.goto(gateway.url)
    await opened.locator('.graphiql-editor .view-line').first().waitFor()
    return opened
  }

  afterAll(async () => {
    await browser?.close()
    await gateway?.[Symbol.asyncDispose]()
  })

  it('opens with examples and runs the first one', async () => {
    await expect.poll(() => page.locator('.graphiql-editor').first().textContent()).toContain('pinql')
    await page.locator('.graphiql-execute-button').click()
    const answer = page.locator('.result-window')
    await expect.poll(() => answer.textContent()).toMatch(/"name":\s*"local"/)
  })

  it.each([1280, 700])('opens every tab at its first click, in a fresh profile %i pixels wide', async (width) => {
    const visit = await openInFreshProfile(width)
    const tabs = visit.locator('.graphiql-tab-button')
    await expect.poll(() => tabs.count()).toBe(EXAMPLES.length)
    // Tabs move once more when the page's fonts replace those of the system.
    await visit.evaluate(() => document.fonts.ready)

    // The first tab is open from the start. It is clicked last, so that each click has to open another tab.
    for (const index of [...EXAMPLES.keys()].reverse()) {
      await tabs.nth(index).click()
      await expect
        .poll(() => examplesShownIn(visit), { message: `shown after one click on tab ${index}` })
        .toEqual([index])
    }
    await visit.context().close()
  })

  it('has read the schema, so that it can explain and complete', async () => {
    await page
      .getByRole('button', { name: /documentation/i })
      .first()
      .click()
    await expect.poll(() => page.locator('.graphiql-doc-explorer').textContent()).toContain('AddPinInput')
  })

  it('watches pins', async () => {
    const query = 'subscription { pinsChanged(filter: { status: [PINNED] }) { kind } }'
    await page.goto(`${gateway.url}?${new URLSearchParams({ query })}`)
    await page.locator('.graphiql-editor .view-line').first().waitFor()
    const asked = page.waitForRequest((request) => request.headers().accept === 'text/event-stream')
    await page.locator('.graphiql-execute-button').click()
    await asked
    await gateway.query('mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { error { message } } }')
    await expect.poll(() => page.locator('.result-window').textContent()).toContain('pinsChanged')
  })

  it('sends requests to the gateway only, and logs no error', () => {
    const { host } = new URL(gateway.url)
    expect(requested.length).toBeGreaterThan(1)
    const elsewhere = requested.filter((url) => !/^(?:data|blob):/.test(url) && new URL(url).host !== host)
    expect(elsewhere).toEqual([])
    expect(problems).toEqual([])
  })
})

/** The positions of the examples that begin with the text in the query editor, which renders only the lines in sight. */
async function examplesShownIn(page: Page): Promise<number[]> {
  const lines = await page
    .locator('.graphiql-query-editor .view-line')
    .evaluateAll((nodes) =>
      nodes
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((node) => node.textContent ?? ''),
    )
  const shown = withoutSpaces(lines.join(''))
  if (shown === '') return []
  return [...EXAMPLES.keys()].filter((index) => withoutSpaces(EXAMPLES[index]?.query ?? '').startsWith(shown))
}

/** Long lines are wrapped by the editor, and its spaces are no-break spaces. */
function withoutSpaces(text: string): string {
  return text.replaceAll(/\s/g, '')
}
