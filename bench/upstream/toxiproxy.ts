import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'

const run = promisify(execFile)
const VERSION = 'v2.12.0'
const HOST = '127.0.0.1'
const NAME = 'link'

/** One fault of Toxiproxy. Its attributes have Toxiproxy's names and units. */
export interface Toxic {
  readonly type: 'reset_peer' | 'limit_data' | 'timeout' | 'slicer' | 'latency' | 'bandwidth'
  readonly stream: 'upstream' | 'downstream'
  readonly attributes: Readonly<Record<string, number>>
}

/**
 * A real Toxiproxy in front of one service.
 *
 * @see https://github.com/Shopify/toxiproxy#toxics
 */
export interface Toxiproxy extends AsyncDisposable {
  readonly endpoint: string
  add(toxic: Toxic): Promise<void>
  /** Takes all toxics away. */
  clear(): Promise<void>
  /** Ends all connections, and refuses new ones until {@link Toxiproxy.up}. */
  down(): Promise<void>
  up(): Promise<void>
}

/** Builds Toxiproxy with the machine's Go, which takes half a minute at first, and starts it. */
export async function startToxiproxy(upstream: string): Promise<Toxiproxy> {
  const folder = await temporaryFolder()
  const server = join(folder.path, 'toxiproxy-server')
  await writeFile(
    join(folder.path, 'go.mod'),
    `module toxiproxy\n\nrequire github.com/Shopify/toxiproxy/v2 ${VERSION}\n`,
  )
  const inFolder = { cwd: folder.path, env: { ...process.env, GOFLAGS: '-mod=mod' } }
  await run('go', ['build', '-o', server, 'github.com/Shopify/toxiproxy/v2/cmd/server'], inFolder)
  const port = await freePort()
  const child = spawn(server, ['-host', HOST, '-port', String(port)], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  process.once('exit', () => child.kill())
  const api = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://${HOST}:${port}${path}`, { method, body: body ? JSON.stringify(body) : null })
    const text = await response.text()
    if (!response.ok) throw new Error(`Toxiproxy answered ${response.status} to ${method} ${path}: ${text}`)
    return text && JSON.parse(text)
  }
  while (!(await api('GET', '/version').catch(() => null))) {
    if (child.exitCode !== null) throw new Error('Toxiproxy did not start')
    await delay(50)
  }
  const { host, pathname } = new URL(upstream)
  const proxy = (await api('POST', '/proxies', { name: NAME, listen: `${HOST}:0`, upstream: host })) as {
    listen: string
  }
  const toxics = new Set<string>()
  return {
    endpoint: `http://${proxy.listen}${pathname.replace(/\/$/, '')}`,
    async add(toxic) {
      const name = `toxic-${toxics.size}`
      toxics.add(name)
      await api('POST', `/proxies/${NAME}/toxics`, { name, toxicity: 1, ...toxic })
    },
    async clear() {
      for (const name of toxics) await api('DELETE', `/proxies/${NAME}/toxics/${name}`)
      toxics.clear()
    },
    async down() {
      await api('POST', `/proxies/${NAME}`, { enabled: false })
    },
    async up() {
      await api('POST', `/proxies/${NAME}`, { enabled: true })
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
