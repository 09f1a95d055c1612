import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { many } from '../../support/attacked/costly-operations.ts'
import { type AttackedGateway, startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { connectTo, type RawConnection } from '../../support/send-raw.ts'

// What clients send below GraphQL: heads, bodies and frames, on many connections at a time.

let gateway: AttackedGateway
beforeAll(async () => {
  gateway = await startAttackedGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const HEAD = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\n'
const JSON_HEAD = `${HEAD}content-type: application/json\r\n`
const deep = '['.repeat(6_000) + ']'.repeat(6_000)
const introspection = `{ __schema { types { name description fields { name description args { name description } } } } }`

/** Writes to connections of its own, and waits until each is closed or answered. Answers have to match, if any came. */
async function writeTo(count: number, write: (connection: RawConnection, n: number) => unknown, expected: RegExp) {
  const connections = await Promise.all(many(count, () => connectTo(gateway.url)))
  for (const [n, connection] of connections.entries()) write(connection, n)
  for (const connection of connections) {
    await Promise.race([connection.closed, expect.poll(() => connection.received).not.toBe('')])
    expect(connection.received || 'closed').toMatch(expected)
    connection[Symbol.dispose]()
  }
}

/** Sends a body in chunks that never end, until the connection is closed or answered. */
function writeEndless(connection: RawConnection, head: string): void {
  connection.write(`${head}transfer-encoding: chunked\r\n\r\n`)
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const more = (): void => {
    if (!connection.socket.writable || connection.received) return
    connection.socket.write(chunk, () => setImmediate(more))
  }
  more()
}

const withBody = (headers: string, body: string | Buffer) => (connection: RawConnection) => {
  connection.write(`${HEAD}${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`)
  connection.socket.write(body)
}
const query = JSON.stringify({ query: '{ __typename }' })
const accepts = [
  'application/json',
  'text/event-stream',
  'application/json, text/event-stream',
  'text/html;q=0.1, application/json;charset=utf-8',
]

const BODIES: Readonly<Record<string, () => Promise<void>>> = {
  'bodies in chunks past the limit, by each way': async () => {
    for (const accept of accepts)
      await writeTo(10, (each) => writeEndless(each, `${JSON_HEAD}accept: ${accept}\r\n`), /^HTTP\/1\.1 413 |^closed/)
  },
  'bodies in chunks of one byte, by each way': async () => {
    const chunks = '1\r\n \r\n'.repeat(900_000)
    for (const accept of accepts)
      await writeTo(
        20,
        ({ socket }) =>
          socket.write(`${JSON_HEAD}accept: ${accept}\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
        /^closed/,
      )
  },
  'bodies in chunks of one byte that nobody reads': async () => {
    const chunks = '1\r\n \r\n'.repeat(900_000)
    for (const head of [
      'POST /nope HTTP/1.1\r\nhost: localhost\r\n',
      'POST /health HTTP/1.1\r\nhost: localhost\r\n',
      'POST /graphql HTTP/1.1\r\nhost: example.com\r\n',
      'PUT /graphql HTTP/1.1\r\nhost: localhost\r\n',
      'GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: localhost\r\n',
    ]) {
      const connections = await Promise.all(many(50, () => connectTo(gateway.url)))
      for (const { socket } of connections) socket.write(`${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)
      await Promise.all(connections.map(({ closed }) => closed))
    }
  },
  'bodies of 900 KB that never end, by each way': async () => {
    for (const accept of accepts) {
      const connections = await Promise.all(many(600, () => connectTo(gateway.url)))
      for (const { write } of connections)
        write(`${JSON_HEAD}accept: ${accept}\r\ncontent-length: 999999\r\n\r\n${' '.repeat(900_000)}`)
      await expect.poll(() => connections.filter(({ socket }) => socket.destroyed).length).toBeGreaterThan(300)
      for (const each of connections) each[Symbol.dispose]()
    }
  },
  'thousands of requests on one connection': async () => {
    const head = 'HTTP/1.1\r\nhost: localhost\r\n\r\n'
    for (const path of ['/health', '/graphql?query=%7B__typename%7D'])
      await writeTo(20, (each) => each.write(`GET ${path} ${head}`.repeat(10_000)), /^HTTP\/1\.1 200 |^closed/)
  },
  'lengths that nobody sends': async () => {
    const lengths = ['999999999999', '18446744073709551616', '-1', '1e3', '0x10', '5, 6']
    for (const length of lengths)
      await writeTo(5, (each) => each.write(`${JSON_HEAD}content-length: ${length}\r\n\r\n`), /^HTTP\/1\.1 4|^closed/)
  },
  'a length and chunks at once': () =>
    writeTo(
      20,
      (each) => each.write(`${JSON_HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
      /^HTTP\/1\.1 400 /,
    ),
  'a gigabyte of blanks in gzip': () =>
    writeTo(
      20,
      withBody('content-type: application/json\r\ncontent-encoding: gzip\r\n', gzipSync(Buffer.alloc(5e7, ' '))),
      /^HTTP\/1\.1 4/,
    ),
  'charsets of every kind': async () => {
    for (const charset of ['utf-16', 'utf-7', 'latin1', 'x'.repeat(5_000), '"', 'utf-8; charset=utf-16', '__proto__'])
      await writeTo(5, withBody(`content-type: application/json; charset=${charset}\r\n`, query), /^HTTP\/1\.1 [24]/)
  },
  'bytes that are no UTF-8': () =>
    writeTo(
      20,
      withBody(
        'content-type: application/json\r\n',
        Buffer.concat([Buffer.from('{"query":"{ __typename # '), Buffer.alloc(60_000, 0xff), Buffer.from('\\n}"}')]),
      ),
      /^HTTP\/1\.1 [24]/,
    ),
  'JSON that is nested deep, by each way': async () => {
    for (const accept of accepts)
      await writeTo(
        10,
        withBody(
          `content-type: application/json\r\naccept: ${accept}\r\n`,
          `{"query":"{ __typename }","variables":{"a":${deep}}}`,
        ),
        /^HTTP\/1\.1 400 /,
      )
  },
  'forms and parts': async () => {
    const parts = `--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${query}\r\n`.repeat(2_000)
    await writeTo(10, withBody('content-type: multipart/form-data; boundary=b\r\n', parts), /^HTTP\/1\.1 4/)
    await writeTo(
      10,
      withBody('content-type: application/x-www-form-urlencoded\r\n', 'a[b]'.repeat(50_000)),
      /^HTTP\/1\.1 4/,
    )
  },
  'heads of thousands of lines, and of one that is long': async () => {
    await writeTo(
      20,
      (each) => each.write(`${HEAD}${many(900, (n) => `x-${n}: ${n}\r\n`).join('')}\r\n`),
      /^HTTP\/1\.1 4/,
    )
    await writeTo(20, (each) => each.write(`${HEAD}x: ${'y'.repeat(100_000)}`), /^HTTP\/1\.1 431 |^closed/)
    await writeTo(
      20,
      (each) => each.write(`GET /graphql?query=${'%7B'.repeat(30_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`),
      /^HTTP\/1\.1 4/,
    )
  },
  'headers of proxies and of other hosts': async () => {
    for (const header of [
      'x-forwarded-for: 203.0.113.9',
      'via: 1.1 proxy',
      'host: evil.example',
      'origin: https://evil.example',
    ])
      await writeTo(
        10,
        (each) => each.write(`GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: localhost\r\n${header}\r\n\r\n`),
        /^HTTP\/1\.1 40[03] /,
      )
  },
  'names of prototypes as headers and in the URL': () =>
    writeTo(
      20,
      (each) =>
        each.write(
          'GET /graphql?__proto__[a]=1&query=%7B__typename%7D&variables=%7B%22__proto__%22:1%7D HTTP/1.1\r\nhost: localhost\r\n__proto__: x\r\nx-pinning-token-__proto__: y\r\n\r\n',
        ),
      /^HTTP\/1\.1 [24]/,
    ),
}

const FRAMES: Readonly<Record<string, readonly [number, (n: number) => string | Buffer]>> = {
  'a ping whose payload is nested 6,000 deep': [4400, () => `{"type":"ping","payload":{"a":${deep}}}`],
  'a first message that is nested 6,000 deep': [4400, () => `{"type":"connection_init","payload":{"token":${deep}}}`],
  'a message of 70 KB': [1009, () => 'x'.repeat(70_000)],
  'a token of 60 KB': [
    4400,
    () => JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${'x'.repeat(60_000)}` } }),
  ],
  'bytes that are no UTF-8': [1007, () => Buffer.alloc(1_000, 0xff)],
  'names of prototypes': [
    4400,
    () => '{"type":"subscribe","id":"__proto__","payload":{"__proto__":{"query":"{a}"}},"__proto__":{"type":"ping"}}',
  ],
}

it.each(Object.entries(BODIES))('harm nobody: %s', async (_what, attack) => {
  expect(await gateway.brokenPromises(attack)).toEqual([])
})

it.each(Object.entries(FRAMES))('frames harm nobody: %s', async (_what, [_code, frameOf]) => {
  const codes = new Set<number>()
  const broken = await gateway.brokenPromises(async () => {
    for (let sent = 0; sent < 100; sent++) {
      await using socket = await openRawSocket(gateway.url.replace('http', 'ws'))
      socket.ws.send(frameOf(sent), { binary: false })
      codes.add(await Promise.race([socket.closed, socket.next().then(() => 0)]))
    }
  })
  expect(broken).toEqual([])
  expect([...codes]).toEqual([_code])
})

it('tens of thousands of short messages at once harm nobody', async () => {
  const begin = (id: string) =>
    JSON.stringify({ id, type: 'subscribe', payload: { query: 'subscription { pinsChanged { kind pin { id } } }' } })
  const broken = await gateway.brokenPromises(async () => {
    const url = gateway.url.replace('http', 'ws')
    const sockets = await Promise.all(many(100, () => openRawSocket(url)))
    for (const { ws } of sockets) ws.send('{"type":"connection_init"}')
    for (const socket of sockets) expect(await socket.next()).toEqual({ type: 'connection_ack' })
    for (const { ws } of sockets)
      for (let id = 0; id < 800; id++) {
        ws.send(begin(`${id}`))
        ws.send(JSON.stringify({ id: `${id}`, type: 'complete' }))
      }
    // Answered once all before it were read.
    for (const { ws } of sockets) ws.send('{"type":"ping","payload":{"last":true}}')
    for (const socket of sockets) {
      for (let type: unknown; type !== 'pong'; ) ({ type } = await socket.next())
      await socket[Symbol.asyncDispose]()
    }
  })
  expect(broken).toEqual([])
})

it('answers that nobody reads harm nobody, by each way', async () => {
  const body = JSON.stringify({ query: introspection })
  const page = 'GET /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n'
  const request = (accept: string) => `${JSON_HEAD}accept: ${accept}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  // The page is made when somebody asks for it, and the document is compiled when it comes again.
  await (await fetch(gateway.url, { headers: { accept: 'text/html' } })).text()
  for (let asked = 0; asked < 3; asked++)
    await (await fetch(`${gateway.url}?query=${encodeURIComponent(introspection)}`)).text()
  const broken = await gateway.brokenPromises(async () => {
    const connections = await Promise.all(many(60, () => connectTo(gateway.url)))
    for (const [n, { socket }] of connections.entries()) {
      socket.pause()
      socket.write([page.repeat(40), request('application/json').repeat(5), request('text/event-stream')][n % 3] ?? '')
    }
    const sockets = await Promise.all(many(5, () => openRawSocket(gateway.url.replace('http', 'ws'), { token: 'any' })))
    for (const { ws } of sockets) {
      ws.pause()
      for (let id = 0; id < 20; id++)
        ws.send(JSON.stringify({ id: `${id}`, type: 'subscribe', payload: { query: introspection } }))
    }
    // Whatever these cost is in memory once requests that came later are answered.
    for (let asked = 0; asked < 30; asked++) await (await fetch(`${gateway.url}?query=%7B__typename%7D`)).text()
    for (const connection of connections) connection[Symbol.dispose]()
    for (const socket of sockets) await socket[Symbol.asyncDispose]()
  })
  expect(broken).toEqual([])
})

it('three thousand connections that say nothing, or a byte at a time, harm nobody', async () => {
  const broken = await gateway.brokenPromises(async () => {
    const connections: RawConnection[] = []
    for (let batch = 0; batch < 30; batch++)
      connections.push(...(await Promise.all(many(100, () => connectTo(gateway.url)))))
    for (const letter of 'GET /h')
      for (const [n, { socket }] of connections.entries()) if (n % 2 && socket.writable) socket.write(letter)
    for (let asked = 0; asked < 20; asked++) await (await fetch(`${gateway.url}?query=%7B__typename%7D`)).text()
    for (const connection of connections) connection[Symbol.dispose]()
  })
  expect(broken).toEqual([])
})
