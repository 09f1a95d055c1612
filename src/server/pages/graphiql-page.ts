import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { EXAMPLES } from './graphiql-examples.ts'

/** Renders GraphiQL's page from its options. */
export type RenderPage = (options: Record<string, unknown>) => Promise<string>

/** Compressions of the page, the best first. `identity` is none. */
const ENCODINGS = ['br', 'gzip', 'identity'] as const
type Encoding = (typeof ENCODINGS)[number]

/** The page in one encoding. */
interface EncodedPage {
  readonly body: Buffer
  readonly etag: string
}

/** Better takes five times as long, and saves a tenth. */
const BROTLI_QUALITY = 6

/**
 * GraphiQL's page: nine megabytes, of which every answer sends the same buffer.
 *
 * The page is rendered on first use, and then compressed once per encoding, outside of the main thread. Requests that come meanwhile
 * wait for the same buffer. It never changes while the gateway runs, so a browser that has it gets status 304. It is asked for each
 * time, since the next version of pinql has the same URL.
 */
export class GraphiqlPage {
  readonly #render: RenderPage
  #html: Promise<{ readonly bytes: Buffer; readonly hash: string }> | null = null
  readonly #encoded = new Map<Encoding, Promise<EncodedPage>>()

  constructor(render: RenderPage) {
    this.#render = render
  }

  /** Answers a request for the page. Rejects, and tries again for the next request, when the page cannot be rendered. */
  async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const encoding = encodingFor(String(req.headers['accept-encoding'] ?? ''))
    const { body, etag } = await this.#pageIn(encoding)
    const vary = [res.getHeader('vary'), 'accept', 'accept-encoding'].flat().filter(Boolean).join(', ')
    res.setHeader('vary', vary)
    res.setHeader('etag', etag)
    res.setHeader('cache-control', 'no-cache')
    if (hasTag(String(req.headers['if-none-match'] ?? ''), etag)) {
      res.writeHead(304).end()
      return
    }
    res.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      ...(encoding !== 'identity' && { 'content-encoding': encoding }),
      'content-length': body.length,
    })
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  #pageIn(encoding: Encoding): Promise<EncodedPage> {
    const known = this.#encoded.get(encoding)
    if (known !== undefined) return known
    const page = this.#encode(encoding)
    this.#encoded.set(encoding, page)
    page.catch(() => {
      this.#encoded.delete(encoding)
      this.#html = null
    })
    return page
  }

  async #encode(encoding: Encoding): Promise<EncodedPage> {
    this.#html ??= this.#renderOnce()
    const { bytes, hash } = await this.#html
    return { body: await compress(bytes, encoding), etag: `"${hash}-${encoding}"` }
  }

  async #renderOnce(): Promise<{ bytes: Buffer; hash: string }> {
    const bytes = Buffer.from(
      await this.#render({
        title: 'pinql',
        // Event streams carry the headers of the tab, and so its tokens. The page's WebSockets would not.
        subscriptionsProtocol: 'SSE',
        defaultTabs: EXAMPLES.map((example) => ({ ...example })),
      }),
    )
    return { bytes, hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 22) }
  }
}

/** True for a browser that asks for a page, rather than for data. */
export function wantsGraphiql({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && headers.accept?.includes('text/html') === true
}

function compress(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(bytes)
  if (encoding === 'identity') return Promise.resolve(bytes)
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: 22,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  return promisify(brotliCompress)(bytes, { params })
}

/** Returns the best encoding that the header allows. One with `q=0` is refused. */
function encodingFor(acceptEncoding: string): Encoding {
  const accepted = new Map(
    acceptEncoding.split(',', 20).map((part) => {
      const [name = '', ...params] = part.split(';')
      const isRefused = params.some((param) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(param))
      return [name.trim().toLowerCase(), !isRefused] as const
    }),
  )
  return ENCODINGS.find((each) => accepted.get(each) === true) ?? 'identity'
}

function hasTag(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
}
