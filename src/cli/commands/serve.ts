import { Command } from 'commander'
import type { GatewayConfig } from '../../config/gateway-config.ts'
import { foreignVariables, loadConfig } from '../../config/load-config.ts'
import { formatLogLine } from '../../observability/format-log-line.ts'
import { addConfigOptions } from '../config-options.ts'
import { keepNewObjectsYoung } from '../keep-new-objects-young.ts'
import { listenForStop } from '../listen-for-stop.ts'
import { logUnhandledRejections } from '../log-unhandled-rejections.ts'
import { outliveReaders } from '../outlive-readers.ts'

/** `pinql serve`: runs the gateway. */
export function serveCommand(): Command {
  return addConfigOptions(new Command('serve'))
    .description('Run the gateway (the default command).')
    .action(async (flags: Record<string, string>) => serve(await loadConfig({ flags })))
}

async function serve(config: GatewayConfig): Promise<void> {
  keepNewObjectsYoung()
  const { startGateway } = await import('../../server/start-gateway.ts')
  const { createGatewayLog } = await import('../../server/create-gateway-log.ts')
  outliveReaders((code) => `pinql: the log cannot be written (${code}). The gateway goes on without it.\n`)
  const { stdout } = process
  const log = { write: (line: string) => stdout.write(stdout.isTTY ? formatLogLine(line) : line) }
  const hangUps = new HangUps(!stdout.isTTY)
  const stop = listenForStop()
  const gateway = await startGateway(config, { log })
  const gatewayLog = await createGatewayLog(config, log)
  logUnhandledRejections(gatewayLog)
  for (const variable of foreignVariables())
    gatewayLog.debug({ variable }, 'A variable of Kubernetes is no setting of the gateway')
  hangUps.tell(() => gatewayLog.warn('SIGHUP changes nothing: the configuration is read at the start only'))
  if (stdout.isTTY) stdout.write(welcome(gateway.url, config))
  await stop.endOf(gateway)
}

function welcome(url: string, { services, dataDir, defaultService }: GatewayConfig): string {
  const lines = services.map(({ name, endpoint, kubo }) => {
    const keeper = kubo ? `the Kubo daemon at ${kubo.endpoint}` : dataDir
    const where = endpoint ?? `runs in this process, keeps its pins in ${keeper}`
    return `    ${name}${name === defaultService && services.length > 1 ? ' (default)' : ''}: ${where}`
  })
  return `
  pinql serves GraphQL and GraphiQL at ${url}

  Services
${lines.join('\n')}

  Something to pin: \`pinql add FILE\` in another terminal (\`npm run pinql -- add FILE\` in a checkout)
  Ctrl-C stops it.

`
}

/** Keeps SIGHUP from ending the process. Of a terminal, it says that the terminal was closed: `listenForStop` stops then. */
class HangUps {
  #count = 0
  #tell: (() => void) | undefined

  constructor(isWatched: boolean) {
    if (!isWatched) return
    process.on('SIGHUP', () => {
      this.#count++
      this.#tell?.()
    })
  }

  /** Sets what is done at each SIGHUP. Done at once if any has come. */
  tell(tell: () => void): void {
    this.#tell = tell
    if (this.#count > 0) tell()
  }
}
