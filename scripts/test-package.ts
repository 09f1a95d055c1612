// Installs the packed package as a user would, without scripts, compiles against its types, loads its entry for browsers alone,
// mounts its gateway in the frameworks, and pins a directory with it on each Node it is meant for.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { build, type PluginBuild } from 'esbuild'
import { bringNode, NEWER_NODES } from './bring-node.ts'

const CLIENT_PROGRAM = `import { readErrors } from 'pinql/client'
const [error] = readErrors({ errors: [{ message: 'Wait.', extensions: { code: 'RATE_LIMITED' } }] })
if (error?.code === 'RATE_LIMITED') console.log(error.retryAfterMs)
`
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']
const folder = await mkdtemp(join(tmpdir(), 'pinql-package-'))
const npm = (cwd: string, ...args: string[]): string => execFileSync('npm', args, { cwd, encoding: 'utf8' })

try {
  const packed = npm(process.cwd(), 'pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...QUIET)
  const [{ filename, size, unpackedSize }] = JSON.parse(packed) as [
    { filename: string; size: number; unpackedSize: number },
  ]
  process.stdout.write(`${filename}: ${size} bytes packed, ${unpackedSize} unpacked\n`)
  const app = join(folder, 'app')
  await mkdir(app)
  await writeFile(join(app, 'package.json'), '{ "private": true }')
  // A package of ours that does not support this Node would be an error, as it is for whoever has set this.
  npm(app, 'install', '--ignore-scripts', '--omit=dev', '--engine-strict', ...QUIET, join(folder, filename))
  await compile(app)
  await useClientAlone(join(app, 'node_modules/pinql'))
  await embed(app)
  const files = join(folder, 'files')
  await mkdir(files)
  for (let i = 0; i < 30; i++) await writeFile(join(files, `${i}.txt`), `file ${i}\n`)

  const nodes = [process.execPath]
  for (const major of NEWER_NODES) nodes.push(join(await bringNode(folder, major), 'node'))
  for (const node of nodes) await pinWith(node, join(app, 'node_modules/pinql/dist/cli/main.js'), files)
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Type checks programs that use the package, and all declarations of the package with them. */
async function compile(app: string): Promise<void> {
  const program =
    "import { createGateway, parseConfig, startGateway } from 'pinql'\nawait startGateway(parseConfig({}))\n"
  await writeFile(join(app, 'program.mts'), `${program}await createGateway(parseConfig({}))\n`)
  const types = ['node', '--typeRoots', join(process.cwd(), 'node_modules/@types')]
  tsc(app, '--module', 'nodenext', '--lib', 'esnext', '--types', ...types, 'program.mts')
  await writeFile(join(app, 'page.ts'), CLIENT_PROGRAM)
  // As bundlers for browsers resolve it; the program has no types of Node.
  tsc(app, '--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom', '--types', '', 'page.ts')
}

function tsc(cwd: string, ...options: string[]): void {
  const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--noEmit', '--strict', '--target', 'es2022', ...options]
  execFileSync(process.execPath, args, { cwd, stdio: 'inherit' })
}

/** Loads `pinql/client` from a folder that has no other file of the package and no other package. */
async function useClientAlone(installed: string): Promise<void> {
  const alone = join(folder, 'alone')
  const copied = join(alone, 'node_modules/pinql')
  await cp(join(installed, 'dist/client'), join(copied, 'dist/client'), { recursive: true })
  await cp(join(installed, 'package.json'), join(copied, 'package.json'))
  const files = (await readdir(join(copied, 'dist/client'))).filter((name) => /\.(js|d\.ts)$/.test(name))
  for (const name of files) {
    const source = await readFile(join(copied, 'dist/client', name), 'utf8')
    const foreign = /(?:from|import)\s*\(?['"](?!\.\/)[^'"]*['"]/.exec(source)
    if (foreign) throw new Error(`dist/client/${name} imports more than its own files: ${foreign[0]}`)
  }
  const args = ['--input-type=module', '--eval', CLIENT_PROGRAM]
  const printed = execFileSync(process.execPath, args, { cwd: alone, encoding: 'utf8' })
  if (printed !== '1000\n') throw new Error(`pinql/client alone printed ${printed}; expected 1000`)
  process.stdout.write(`pinql/client loads without any package, from ${files.length} files\n`)
}

/** Runs `embed-gateway.ts` with the package and the frameworks that a host would have. */
async function embed(app: string): Promise<void> {
  const { devDependencies } = JSON.parse(await readFile('package.json', 'utf8'))
  const frameworks = ['fastify', 'express'].map((name) => `${name}@${devDependencies[name]}`)
  npm(app, 'install', '--ignore-scripts', ...QUIET, ...frameworks)
  const ours = {
    name: 'ours',
    setup(built: PluginBuild) {
      built.onResolve({ filter: /\/src\/index\.ts$/ }, () => ({ path: 'pinql', external: true }))
    },
  }
  const outfile = join(app, 'embed.mjs')
  await build({
    entryPoints: ['scripts/embed-gateway.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    packages: 'external',
    plugins: [ours],
  })
  const args = [outfile, join(folder, 'embedded')]
  execFileSync(process.execPath, args, { cwd: app, stdio: 'inherit', timeout: 60_000 })
}

async function pinWith(node: string, main: string, files: string): Promise<void> {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const data = join(folder, `data-${version}`)
  const started = performance.now()
  const service = run(node, [main, 'pinning-service', '--port', '0', '--data-dir', data, '--token', 'test'])
  const origin = run(node, [main, 'add', '--json', files])
  try {
    const endpoint = /http:\S+/.exec(await service.line)?.[0]
    const { cid, origins } = JSON.parse(await origin.line) as { cid: string; origins: string[] }
    const headers = { authorization: 'Bearer test', 'content-type': 'application/json' }
    const added = await fetch(`${endpoint}/pins`, { method: 'POST', headers, body: JSON.stringify({ cid, origins }) })
    const { requestid } = (await added.json()) as { requestid: string }
    for (let status = 'queued'; status !== 'pinned'; await delay(50)) {
      const answer = await fetch(`${endpoint}/pins/${requestid}`, { headers })
      const body = (await answer.json()) as { status: string; info: Record<string, string> }
      status = body.status
      if (status === 'failed') throw new Error(`Node ${version}: ${body.info.status_details}`)
    }
    process.stdout.write(
      `${version}: installed package pinned a directory, ${Math.round(performance.now() - started)} ms\n`,
    )
  } finally {
    await Promise.all([service.stop(), origin.stop()])
  }
}

function run(node: string, args: string[]): { line: Promise<string>; stop: () => Promise<void> } {
  const child = spawn(node, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const line = Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => text as string),
    exit.then(([code]) => Promise.reject(new Error(`pinql ${args[1]} ended with code ${code}`))),
  ])
  return {
    line,
    stop: async () => {
      child.kill('SIGTERM')
      await exit
    },
  }
}
