import { Command } from 'commander'
import { ConfigError } from '../../config/config-error.ts'
import type { GatewayConfig, ServiceConfig } from '../../config/gateway-config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import { createLogger } from '../../observability/logger.ts'
import { DirectoryInUseError, lockDirectory } from '../../storage/lock-directory.ts'
import type { ServiceRegistry } from '../../upstream/tenant/service-registry.ts'
import { addConfigOptions } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'

interface Finding {
  readonly service: string
  /** Only `FAIL` decides the exit code. */
  readonly verdict: 'ok' | 'skip' | 'FAIL'
  readonly result: string
}

/** `pinql check`: lists pins at each configured service, and reports which services work. */
export function checkCommand(): Command {
  return addConfigOptions(new Command('check'), ['dataDir', 'defaultService'])
    .description('Ask each configured service whether it can be used. Ends with 1 when one cannot.')
    .action(async (flags: Record<string, string>) => {
      const findings = await check(await loadConfig({ flags }))
      const width = Math.max(...findings.map(({ service }) => service.length))
      for (const { service, verdict, result } of findings) {
        process.stdout.write(`${verdict.padEnd(4)}  ${service.padEnd(width)}  ${result}\n`)
      }
      if (findings.some(({ verdict }) => verdict === 'FAIL')) process.exitCode = EXIT.failure
    })
}

/** Checks the embedded service apart from all others, which are checked even when it cannot start. */
async function check(config: GatewayConfig): Promise<Finding[]> {
  const findings = [
    ...(await checkAll(config, ({ provider }) => provider !== 'embedded')),
    ...(await checkEmbedded(config)),
  ]
  const order = config.services.map(({ name }) => name)
  return findings.sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service))
}

async function checkEmbedded(config: GatewayConfig): Promise<Finding[]> {
  const serviceName = config.services.find(({ provider }) => provider === 'embedded')?.name
  if (serviceName === undefined) return []
  try {
    const { prepareDataDirectory } = await import('../../server/services/data-directory.ts')
    await prepareDataDirectory(config.dataDir)
    // Another running pinql holds the data directory, and runs the embedded service.
    using _lock = await lockDirectory(config.dataDir)
  } catch (error) {
    if (!(error instanceof DirectoryInUseError)) return [failure(serviceName, error)]
    return [{ service: serviceName, verdict: 'ok', result: 'runs in another pinql just now' }]
  }
  try {
    return await checkAll(config, ({ provider }) => provider === 'embedded')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    return [failure(serviceName, error)]
  }
}

async function checkAll(config: GatewayConfig, isMeant: (service: ServiceConfig) => boolean): Promise<Finding[]> {
  const services = config.services.filter(isMeant)
  if (services.length === 0) return []
  const { openServices } = await import('../../server/services/open-services.ts')
  await using open = await openServices(
    { ...config, services },
    createLogger({ level: 'silent', secrets: [], sink: process.stderr }),
  )
  return await Promise.all(services.map((service) => checkService(open.registry, service)))
}

async function checkService(registry: ServiceRegistry, { name: serviceName, provider, token }: ServiceConfig) {
  if (token === null && provider !== 'embedded') {
    return { service: serviceName, verdict: 'skip', result: 'callers bring the token; not checked' } as const
  }
  const startedAt = performance.now()
  try {
    const count = await registry.tenant(serviceName, null).countPins({ statuses: PIN_STATUSES })
    const ms = Math.round(performance.now() - startedAt)
    return {
      service: serviceName,
      verdict: 'ok',
      result: `reachable, token accepted, lists ${count ?? 'some'} pins (${ms} ms)`,
    } as const
  } catch (error) {
    return failure(serviceName, error)
  }
}

function failure(serviceName: string, error: unknown): Finding {
  return { service: serviceName, verdict: 'FAIL', result: error instanceof Error ? error.message : String(error) }
}
