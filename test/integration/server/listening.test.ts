import { expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { createClientAddresses } from '../../../src/server/http/client-address.ts'
import { HttpConnections } from '../../../src/server/http/http-connections.ts'
import { startHttpServer } from '../../../src/server/http/http-server.ts'
import { RequestsInFlight } from '../../../src/server/http/requests-in-flight.ts'

const config = parseConfig({ port: 0, shutdownTimeoutMs: 0 })

it.each([
  [
    '999.1.1.1',
    /^Cannot listen on 999\.1\.1\.1, port 0: no such address \(E\w+\): .*--host or PINQL_HOST chooses another\.$/,
  ],
  // Of a range for documentation: https://www.rfc-editor.org/rfc/rfc5737
  ['192.0.2.1', /^Cannot listen on 192\.0\.2\.1, port 0: no such address \(EADDRNOTAVAIL\): .*--host or PINQL_HOST/],
])('names the setting for an address that is not of this machine: %s', async (host, message) => {
  await expect(
    startHttpServer(() => {}, {
      ...config,
      host,
      inFlight: new RequestsInFlight(),
      connections: new HttpConnections(config, createClientAddresses([])),
    }),
  ).rejects.toThrow(message)
})
