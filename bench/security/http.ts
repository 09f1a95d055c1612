import { many } from '../../test/support/attacked/costly-operations.ts'
import { startAttackedGateway } from '../../test/support/attacked/start-attacked-gateway.ts'
import { connectTo } from '../../test/support/send-raw.ts'
import { type Fuzzer, mutate, pick, sendAll, upTo } from './fuzzer.ts'

const METHODS = ['GET', 'POST', 'POST', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'TRACE', 'CONNECT', 'PRI', '__proto__']
const PATHS = [
  '/graphql',
  '/graphql',
  '/graphql?query=%7B__typename%7D',
  '/graphql?query=%7Bpins%7BtotalCount%7D%7D&variables=%7B%7D',
  '/',
  '/health',
  '/ready',
  '/graphql/../x',
  '*',
  'http://[::1]/graphql',
  '/%',
  '/graphql?%7B=%ff',
]
const ACCEPTS = [
  'application/json',
  'text/event-stream',
  'text/html',
  '*/*;q=0',
  'application/json, text/event-stream',
  '',
  'multipart/mixed',
  ',;=q',
]
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;charset=x',
  'text/plain',
  'application/graphql',
  'multipart/form-data; boundary=b',
  'application/x-www-form-urlencoded',
  'application/json; charset="',
  '',
]
const HEADERS = [
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  'expect: 100-continue\r\n',
  'authorization: Bearer a\r\n',
  'authorization: Basic x\r\n',
  'x-pinning-token-honest: x\r\n',
  'x-pinning-token-__proto__: x\r\n',
  'x-forwarded-for: 1.2.3.4\r\n',
  'origin: http://localhost\r\n',
  'origin: null\r\n',
  'last-event-id: x\r\n',
  'x-request-id: \u00e9\r\n',
  'host: evil\r\n',
  'content-encoding: gzip\r\n',
  'te: trailers\r\n',
  'cookie: a=b\r\n',
  'range: bytes=0-\r\n',
  'if-none-match: *\r\n',
]
const BODIES = [
  '{"query":"{ __typename }"}',
  '{"query":"{ services { name } }","extensions":{"cost":true}}',
  '{"query":"subscription { pinsChanged { kind } }"}',
  '{"query":"{ pins { nodes { id } } }","variables":{"a":[1]}}',
  '[{"query":"{a}"}]',
  'query=%7B__typename%7D',
  '--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{}\r\n--b--\r\n',
  '',
]
const ODD = [
  '\r\n',
  '\0',
  ': ',
  '\r',
  '\n\n',
  '\u00ff',
  'transfer-encoding: chunked\r\n',
  '{',
  '"',
  '%00',
  ';',
  '__proto__',
  '\t',
]

/** Raw bytes on connections: heads, bodies of known length and in chunks, several requests at once, most of them nearly valid. */
export async function openHttp(): Promise<Fuzzer> {
  const gateway = await startAttackedGateway()
  return {
    gateway,
    async attack(random, inputs, sent) {
      await sendAll(
        many(inputs, () => inputOf(random)),
        async (bytes) => {
          sent.push(JSON.stringify(bytes))
          using connection = await connectTo(gateway.url)
          connection.socket.write(bytes, 'latin1')
          if (bytes.length % 2) connection.socket.end()
          // Nothing may come: of a request that is not complete, or of an event stream.
          const answered = new Promise((resolve) => connection.socket.once('data', resolve))
          await Promise.race([answered, connection.closed, new Promise((resolve) => setTimeout(resolve, 300))])
        },
      )
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

function inputOf(random: () => number): string {
  const requests = many(1 + upTo(random, 2), () => requestOf(random)).join('')
  return random() < 0.4 ? requests : mutate(random, requests, ODD)
}

function requestOf(random: () => number): string {
  const body = random() < 0.7 ? pick(random, BODIES) : mutate(random, pick(random, BODIES), ODD)
  const isChunked = random() < 0.3
  const headers = many(upTo(random, 3), () => pick(random, HEADERS)).join('')
  const length = isChunked
    ? 'transfer-encoding: chunked\r\n'
    : `content-length: ${random() < 0.9 ? body.length : upTo(random, 9_999)}\r\n`
  const head = `${pick(random, METHODS)} ${pick(random, PATHS)} HTTP/1.${pick(random, ['1', '1', '1', '0'])}\r\nhost: localhost\r\n`
  const types = `content-type: ${pick(random, TYPES)}\r\naccept: ${pick(random, ACCEPTS)}\r\n`
  return `${head}${types}${headers}${length}\r\n${isChunked ? chunked(random, body) : body}`
}

function chunked(random: () => number, body: string): string {
  const size = 1 + upTo(random, 30)
  let text = ''
  for (let at = 0; at < body.length; at += size) {
    const part = body.slice(at, at + size)
    text += `${part.length.toString(16)}${random() < 0.1 ? ';x=y' : ''}\r\n${part}\r\n`
  }
  return `${text}${random() < 0.9 ? '0\r\n\r\n' : pick(random, ['', 'ffffffff\r\n', '0\r\na: b\r\n\r\n', 'x\r\n'])}`
}
