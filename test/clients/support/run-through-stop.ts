import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import { startLiveCrowd } from '../../support/live-transport/live-crowd.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { type CliProcess, spawnCli } from '../../support/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { Command } from './client-program.ts'
import { environmentOf, SERVICE_TOKEN } from './client-server.ts'

/** Sockets beside the program's. They are sent away over 2 seconds. */
const CROWD = 200
const DRAIN_MS = 2_000
const TIMEOUT_MS = 30_000

/**
 * Lets a program watch a pin while the built package is stopped by SIGTERM, with many other sockets and changes under way, and is
 * started again on the same port. The pin is pinned in between.
 *
 * @param command a program that prints each status of the pin `PINQL_WATCH`, and exits with 0 once its subscription has ended
 * @returns how the program came through the stop: the error that it ended with, or "came back"
 * @throws {Error} when it ended as if the pin had settled, with an older status
 */
export async function runThroughStop(command: Command): Promise<string> {
  await using service = await startEmulatedProvider(compliant)
  await using folder = await temporaryFolder()
  const [pin] = service.seed(SERVICE_TOKEN, [{ cid: exampleCid(1), status: 'queued' }])
  if (!pin) throw new Error('expected a pin')
  const services = { local: { endpoint: service.endpoint, token: SERVICE_TOKEN } }
  const serve = async (port: number): Promise<CliProcess & { url: string }> => {
    // JSON is YAML.
    const config = JSON.stringify({ port, services, liveDrainMs: DRAIN_MS })
    await writeFile(join(folder.path, 'pinql.config.yaml'), config)
    const gateway = spawnCli(['serve'], { cwd: folder.path })
    const [url] = await gateway.output(/http:\/\/\S+\/graphql/)
    return Object.assign(gateway, { url })
  }
  await using first = await serve(0)
  const { url } = first
  await using crowd = await startLiveCrowd(service, { url, name: 'local', token: SERVICE_TOKEN, size: CROWD })
  const id = formatPinId({ service: 'local', requestId: pin.requestId, cid: { text: pin.cid } })
  await using program = watch(command, { ...environmentOf({ name: 'today', url }), PINQL_WATCH: id })
  await program.shows('QUEUED')
  service.setStatus(SERVICE_TOKEN, pin.requestId, 'pinning')
  await program.shows('PINNING')

  const { changes } = crowd
  first.kill('SIGTERM')
  const exitCode = await first.exitCode
  if (exitCode !== 0) throw new Error(`expected the gateway to stop, got exit code ${exitCode}\n${first.stderr}`)
  if (changes === 0) throw new Error('expected changes before the stop')
  service.setStatus(SERVICE_TOKEN, pin.requestId, 'pinned')
  await using _second = await serve(Number(new URL(url).port))
  return await program.outcome()
}

interface Watching extends AsyncDisposable {
  /** Waits until the program prints a status. */
  shows(status: string): Promise<void>
  outcome(): Promise<string>
}

function watch({ command, args, cwd, env }: Command, more: Readonly<Record<string, string>>): Watching {
  const options = { cwd, env: { ...process.env, ...env, ...more }, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    child.emit('shown')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const printed = () => stdout.trim().split('\n')
  return {
    async shows(status) {
      while (!printed().includes(status)) {
        const event = await Promise.race([once(child, 'shown'), closed.then(() => 'end')])
        if (event === 'end') throw new Error(`expected the program to print ${status}, got:\n${stdout}${stderr}`)
      }
    },
    async outcome() {
      const [code, signal] = await closed
      if (signal !== null) throw new Error(`expected an end or the status PINNED after a stop, got neither:\n${stdout}`)
      if (code !== 0) return stderr.trim().split('\n').at(-1) ?? ''
      if (printed().at(-1) === 'PINNED') return 'came back'
      throw new Error(
        `the program took the stop of the gateway for the end of its subscription. It printed:\n${stdout}`,
      )
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
