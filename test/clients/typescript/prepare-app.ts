import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { ClientPlace } from '../support/client-program.ts'
import { runCommand } from '../support/run-command.ts'

const SOURCES = fileURLToPath(new URL('app', import.meta.url))

/** The manifest of the app's packages, which decides when they are installed anew. */
export const LOCK_FILE = 'test/clients/typescript/app/package-lock.json'

/** The programs, by the names of their folders in `app/src`. */
const PROGRAMS = [
  'codegen/client',
  'gql-tada/client',
  'relay/client',
  'apollo/client',
  'urql/client',
  'paging/relay',
  'paging/apollo',
  'paging/urql',
]

/** The compiled file of a program, such as `relay/client`. */
export function programFile(place: ClientPlace, program: string): string {
  return join(appFolder(place), 'out', `${program}.js`)
}

/**
 * Makes the app of all TypeScript clients in the cache: installs its packages, generates code from schema.graphql, checks the
 * types of all programs against the built `pinql/client`, and bundles each program.
 *
 * The work is done once, however many clients ask for it. Needs `dist/`.
 */
export function prepareOnce(place: ClientPlace): Promise<void> {
  prepared ??= prepareApp(appFolder(place), place.root)
  return prepared
}

let prepared: Promise<void> | undefined

/** All clients share one app, since most of its packages are the generators. */
function appFolder({ cache }: ClientPlace): string {
  return join(dirname(cache), 'typescript-app')
}

async function prepareApp(app: string, root: string): Promise<void> {
  await mkdir(app, { recursive: true })
  await install(app, root)
  await rm(join(app, 'src'), { recursive: true, force: true })
  for (const name of ['src', 'tsconfig.json', 'codegen.json', 'relay.config.json']) {
    await cp(join(SOURCES, name), join(app, name), { recursive: true })
  }
  await cp(join(root, 'schema.graphql'), join(app, 'schema.graphql'))
  await cp(join(root, 'test/clients/operations.graphql'), join(app, 'operations.graphql'))
  // relay-compiler makes no folder.
  await mkdir(join(app, 'src/relay/generated'))

  await runTool(app, '@graphql-codegen/cli/cjs/bin.js', '--config', 'codegen.json')
  await runTool(app, 'gql.tada/bin/cli.js', 'generate-output')
  await runTool(app, 'relay-compiler/cli.js')
  await runTool(app, 'typescript/bin/tsc')
  await build({
    absWorkingDir: app,
    entryPoints: PROGRAMS.map((program) => `src/${program}.ts`),
    outbase: 'src',
    outdir: 'out',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  })
}

/** Installs the packages where they are not those of the lock file, and links `pinql` to the checkout. */
async function install(app: string, root: string): Promise<void> {
  const lock = await readFile(join(root, LOCK_FILE), 'utf8')
  const marker = join(app, 'node_modules/.installed-lock.json')
  if ((await readFile(marker, 'utf8').catch(() => null)) === lock) return
  for (const name of ['package.json', 'package-lock.json']) await cp(join(SOURCES, name), join(app, name))
  const args = ['ci', '--ignore-scripts', '--engine-strict', '--no-audit', '--no-fund', '--loglevel=error']
  await runCommand({ command: 'npm', args, cwd: app })
  await symlink(root, join(app, 'node_modules/pinql'))
  await writeFile(marker, lock)
}

async function runTool(app: string, tool: string, ...args: string[]): Promise<void> {
  await runCommand({ command: process.execPath, args: [join(app, 'node_modules', tool), ...args], cwd: app })
}
