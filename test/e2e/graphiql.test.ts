import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
    const context = await browser.newContext()
    // On the context, to see what workers ask for too.
    context.on('request', (request) => requested.push(request.url()))
    page = await context.newPage()
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    await page.goto(gateway.url)
    await page.locator('.graphiql-editor .view-line').first().waitFor()
  })

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

  it('has read the schema, so that it can explain and complete', async () => {
    await page
      .getByRole('button', { name: /documentation/i })
      .first()
      .click()
    await expect.poll(() => page.locator('.graphiql-doc-explorer').textContent()).toContain('AddPinInput')
  })

  it('watches pins', async () => {
    const query = 'subscription { pinsChanged(filter: { status: [PINNED] }) { __typename } }'
    await page.goto(`${gateway.url}?${new URLSearchParams({ query })}`)
    await page.locator('.graphiql-editor .view-line').first().waitFor()
    const asked = page.waitForRequest((request) => request.headers().accept === 'text/event-stream')
    await page.locator('.graphiql-execute-button').click()
    await asked
    await gateway.query('mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { __typename } }')
    await expect.poll(() => page.locator('.result-window').textContent(), { timeout: 20_000 }).toContain('pinsChanged')
  })

  it('asks nobody but the gateway, and breaks nothing', () => {
    const { host } = new URL(gateway.url)
    expect(requested.length).toBeGreaterThan(1)
    const elsewhere = requested.filter((url) => !/^(?:data|blob):/.test(url) && new URL(url).host !== host)
    expect(elsewhere).toEqual([])
    expect(problems).toEqual([])
  })
})
