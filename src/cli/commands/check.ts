import { Command } from 'commander'
import type { GatewayConfig } from '../../config/gateway-config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import { createLogger } from '../../observability/logger.ts'
import { lockDirectory } from '../../storage/lock-directory.ts'
import { countPins } from '../../upstream/count-pins.ts'
import type { ServiceRegistry } from '../../upstream/registry.ts'
import { addConfigOptions } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'

interface Finding {
  readonly service: string
  readonly isGood: boolean
  readonly result: string
}

/** `pinql check`: asks each configured service for one pin, and tells what works. */
export function checkCommand(): Command {
  return addConfigOptions(new Command('check'))
    .description('Ask each configured service whether it can be used. Ends with 1 when one cannot.')
    .action(async (flags: Record<string, string>) => {
      const findings = await check(await loadConfig({ flags }))
      const width = Math.max(...findings.map(({ service }) => service.length))
      for (const { service, isGood, result } of findings) {
        process.stdout.write(`${isGood ? 'ok  ' : 'FAIL'}  ${service.padEnd(width)}  ${result}\n`)
      }
      if (findings.some(({ isGood }) => !isGood)) process.exitCode = EXIT.failure
    })
}

async function check(config: GatewayConfig): Promise<Finding[]> {
  const embedded = config.services.filter(({ provider }) => provider === 'embedded')
  if (embedded.length === 0 || !(await isInUse(config.dataDir))) return checkAll(config)
  const others = config.services.filter((service) => !embedded.includes(service))
  const running = embedded.map(({ name }) => ({
    service: name,
    isGood: true,
    result: 'runs in another pinql just now',
  }))
  return [...running, ...(await checkAll({ ...config, services: others }))]
}

/** Whether a running pinql has the data directory, and with it the embedded service. */
async function isInUse(dataDir: string): Promise<boolean> {
  try {
    using _lock = await lockDirectory(dataDir)
    return false
  } catch {
    return true
  }
}

async function checkAll(config: GatewayConfig): Promise<Finding[]> {
  const { openServices } = await import('../../server/open-services.ts')
  await using services = await openServices(
    config,
    createLogger({ level: 'silent', secrets: [], sink: process.stderr }),
  )
  return await Promise.all(config.services.map(({ name }) => checkService(services.registry, name)))
}

async function checkService(registry: ServiceRegistry, service: string): Promise<Finding> {
  const startedAt = performance.now()
  try {
    const count = await countPins(registry.tenant(service, null), { statuses: PIN_STATUSES })
    const ms = Math.round(performance.now() - startedAt)
    return { service, isGood: true, result: `reachable, token accepted, lists ${count ?? 'some'} pins (${ms} ms)` }
  } catch (error) {
    return { service, isGood: false, result: error instanceof Error ? error.message : String(error) }
  }
}
