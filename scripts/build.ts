import { execFileSync } from 'node:child_process'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { type BuildOptions, build } from 'esbuild'
import { bundledLicenses } from './bundled-licenses.ts'

// dist/: the compiler's output, file by file, with two parts bundled on top: the peer-to-peer part of the embedded service, and
// Yoga. Their packages are many and some need `overrides`, which npm heeds in a checkout only; so they are built in, and nobody
// installs them.

const root = new URL('../', import.meta.url)
process.chdir(root.pathname)

await rm('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })

const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as { dependencies: Record<string, string> }
const options = {
  bundle: true,
  metafile: true,
  splitting: true,
  // Names stay as they are, for stack traces: `keepNames` would set them anew for each function that is made, a fifth of
  // the time that fetching takes.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  legalComments: 'linked',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // graphql is among them: it works only where everybody shares one copy.
  external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
  // Some bundled packages are CommonJS and ask for Node's own modules by `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
} satisfies BuildOptions
const service = await build({
  ...options,
  entryPoints: [
    'src/embedded/worker.ts',
    'src/embedded/bitswap/start-origin-node.ts',
    'src/embedded/backup/export-pins.ts',
    'src/embedded/backup/import-pins.ts',
    'src/embedded/backup/verify-store.ts',
  ],
  outbase: 'src/embedded',
  outdir: 'dist/embedded',
})
const yoga = await build({
  ...options,
  entryPoints: ['src/server/transports/yoga/yoga.ts'],
  outdir: 'dist/server/transports/yoga',
  chunkNames: 'yoga-[name]-[hash]',
})
await writeFile('dist/BUNDLED-LICENSES.txt', await bundledLicenses([service.metafile, yoga.metafile]))
await chmod('dist/cli/main.js', 0o755)
