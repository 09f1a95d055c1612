import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { createClient, type SubscribePayload } from 'graphql-ws'
import { WebSocket } from 'ws'
import { openEventStream } from '../live-transport/event-stream.ts'

/** Sends an operation and reads what comes back: the text of the result, or of the list of errors where it was not run. */
type Transport = (url: string, operation: SubscribePayload) => Promise<string>

/** The ways to have an operation run. */
export const TRANSPORTS: Readonly<Record<string, Transport>> = {
  async 'POST of an announced length'(url, operation) {
    const body = JSON.stringify(operation)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const [response] = await once(request(url, { method: 'POST', headers }).end(body), 'response')
    return text(response)
  },
  async 'POST in chunks'(url, operation) {
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const [response] = await once(request(url, { method: 'POST', headers }).end(JSON.stringify(operation)), 'response')
    return text(response)
  },
  async GET(url, { query, operationName, variables }) {
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables ?? {}) })
    if (operationName) search.set('operationName', operationName)
    return (await fetch(`${url}?${search}`)).text()
  },
  async 'an event stream'(url, operation) {
    const { events } = await openEventStream(url, operation, { method: 'POST' })
    const results: string[] = []
    for await (const { event, data } of events) if (event === 'next') results.push(data)
    return results.join()
  },
  async 'a WebSocket'(url, operation) {
    const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
    try {
      for await (const result of client.iterate(operation)) return JSON.stringify(result)
      throw new Error('The operation ended without a result')
    } catch (error) {
      // The error of an operation that did not run is a list of errors.
      if (Array.isArray(error)) return JSON.stringify({ errors: error })
      throw error
    } finally {
      await client.dispose()
    }
  },
}
