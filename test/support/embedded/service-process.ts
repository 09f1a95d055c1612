import { startInThisThread } from '../../../src/embedded/start-in-this-thread.ts'

// Run as a process of its own: the service without its worker, so that a kill hits it at any point of its work.
const [dataDir = '', kubo = ''] = process.argv.slice(2)
const service = await startInThisThread(
  {
    host: '127.0.0.1',
    port: 0,
    dataDir,
    tokens: ['token-a', 'token-b'],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    limits: {},
    dialRanges: null,
    gateways: [],
    kubo: kubo ? { endpoint: kubo, token: null } : null,
  },
  (error) => process.stderr.write(`${String(error)}\n`),
)
process.stdout.write(`${service.endpoint}\n`)
