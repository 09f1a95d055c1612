import { parseConfig } from '../../../src/config/parse-config.ts'
import { startGateway } from '../../../src/server/start-gateway.ts'

/** A gateway of its own process, told by its arguments; prints its URL. */
const [dataDir = '', endpoint = '', token = ''] = process.argv.slice(2)
const config = parseConfig({ port: 0, dataDir, logLevel: 'silent', services: { one: { endpoint, token } } })
const gateway = await startGateway(config)
process.stdout.write(`${gateway.url}\n`)
