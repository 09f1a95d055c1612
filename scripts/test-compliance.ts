// Runs the official suite of the Pinning Service API against the embedded service; fails unless 9 of 9 checks pass.
//
// The suite downloads the specification while it runs, and leaves out the checks that need it where it cannot. With
// PSA_SPEC set to the path of ipfs-pinning-service.yaml (v1.0.0) it reads that file instead.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startPinningService } from '../src/embedded/start-pinning-service.ts'

const SUITE = '@ipfs-shipyard/pinning-service-compliance'
const CHECKS = 9
const TOKEN = 'compliance'

const folder = await mkdtemp(join(tmpdir(), 'pinql-compliance-'))
try {
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  // Scripts of its dependencies would download a Kubo daemon that the suite does not use.
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `${SUITE}@1.8.1`])
  const suite = join(folder, 'node_modules', SUITE)
  await pointAtSpecification(suite)

  await using service = await startPinningService({
    dataDir: join(folder, 'data'),
    tokens: [TOKEN],
    onError: (message) => process.stderr.write(`${message}\n`),
  })
  await run(process.execPath, [join(suite, 'dist/src/index.js'), '-s', service.endpoint, TOKEN])
  const report = await readFile(join(suite, 'dist/docs/127.0.0.1.json'), 'utf8')
  const { total, passed } = JSON.parse(report) as { total: number; passed: number }
  process.stdout.write(`${passed} of ${total} compliance checks passed; ${CHECKS} were expected to run and pass\n`)
  if (passed !== CHECKS || total !== CHECKS) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function pointAtSpecification(suite: string): Promise<void> {
  const path = process.env.PSA_SPEC
  if (!path) return
  const file = join(suite, 'dist/src/utils/constants.js')
  const source = await readFile(file, 'utf8')
  const pointed = source.replace(/const specLocation = .*;/, `const specLocation = ${JSON.stringify(resolve(path))};`)
  if (pointed === source) throw new Error(`There is no specLocation in ${file}`)
  await writeFile(file, pointed)
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: folder, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}`)
}
