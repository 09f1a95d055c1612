import { EXIT } from '../src/cli/exit-codes.ts'
import { CONFIG_SCHEMA, describeSetting, SERVICE_SCHEMA } from '../src/config/gateway-config.ts'
import { CAPABILITY_SHAPE } from '../src/config/service-overrides.ts'
import { FILE_VARIABLE, SETTINGS } from '../src/config/settings.ts'
import { KNOWN_PROVIDERS } from '../src/upstream/providers/known-providers.ts'

/** The text of docs/configuration.md, made from the schema that the gateway checks with. */
export function printConfiguration(): string {
  return `# Configuration

<!-- Written by \`npm run docs:update\` from src/config/gateway-config.ts. Do not edit. -->

Nothing needs to be configured: \`pinql\` then runs one embedded pinning service, named \`local\`, and listens on loopback.

Each setting can be given on the command line, in the environment, or in a YAML file; the first of these that has it wins.
The file is \`pinql.config.yaml\` in the working directory, or whatever \`--config\` or \`${FILE_VARIABLE}\` names. Services can only be
given in the file. An unknown or wrong setting stops the start, with every problem listed.

| in the file | environment | command line | default | what it is |
|---|---|---|---|---|
${SETTINGS.map(({ key, variable, flag, fallback, description, expects }) =>
  row([code(key), code(variable), code(flag), fallbackOf(fallback), `${description} Expects ${expects}.`]),
).join('\n')}
${row(['`services`', '', '', '`local`, embedded', describeSetting(CONFIG_SCHEMA.shape.services).description])}

On the command line and in the environment a list is one text with commas. An empty variable counts as not given. A variable
that starts with \`PINQL_\` and is almost one of these is taken for a slip and refused; others are ignored. So is
\`PINQL_PORT=tcp://…\`, which Kubernetes gives to containers beside a service that is named \`pinql\`.

\`HTTPS_PROXY\`, \`HTTP_PROXY\` and \`NO_PROXY\` are honoured for requests to services, except to loopback. A proxy without a scheme is one of
http, and \`NO_PROXY=*\` means no proxy at all.

\`~\` or \`$HOME\` at the beginning of \`dataDir\` is the home of the user.

## Services

| key | what it is |
|---|---|
${Object.entries(SERVICE_SCHEMA.shape)
  .map(([key, schema]) => describe(key, schema))
  .join('\n')}

Names of services are lower-case letters, digits and dashes. With more than one, \`defaultService\` says which is meant when a
caller names none. At most one service can be embedded.

\`\`\`yaml
services:
  filebase:
    token: \${FILEBASE_TOKEN}
  kubo-cluster:
    provider: ipfs-cluster
    endpoint: https://pins.example.com
  local:
    provider: embedded
defaultService: filebase
\`\`\`

\`\${NAME}\` in any text of the file stands for the environment variable \`NAME\`, which must then be set. So a secret need not be in
the file. \`\${NAME:-value}\` has a value in case it is not set, and \`\${NAME:?words}\` words for the error. \`$\${\` stands for the signs
\`\${\`, and any other \`\${\` stops the start.

\`limits\` and \`capabilities\` are for services that pinql does not know, or that have changed:

\`\`\`yaml
services:
  mine:
    endpoint: https://pins.example.com
    limits:
      - { limit: 30, windowMs: 60000, scope: token, endpoint: list }
      - { limit: 250, windowMs: 60000, scope: token, endpoint: write }
    capabilities: { order: oldest-first, cidForm: text, emptyListIs404: true }
\`\`\`

| capability | what it is |
|---|---|
${Object.entries(CAPABILITY_SHAPE)
  .map(([key, schema]) => describe(key, schema))
  .join('\n')}

Known providers, beside \`embedded\`; any other name of a \`provider\` is refused:

| provider | endpoint |
|---|---|
${KNOWN_PROVIDERS.filter(({ name }) => name !== 'embedded')
  .map(({ name, endpoint }) => row([code(name), endpoint ?? 'to be given: everybody runs their own']))
  .join('\n')}

## Tokens

A caller's own token takes precedence over the configured one. The header \`x-pinning-token-NAME\` has the token for the service of that
name, and \`Authorization: Bearer TOKEN\` the one for the default service. A malformed token returns \`UNAUTHORIZED\`. A token for an
unknown service returns \`UNKNOWN_SERVICE\`, unless the request also carries a token for the service it uses. The configured token is never
used in place of such a token.

A token in any other place returns \`UNAUTHORIZED\` as well, such as \`X-API-Key\`, \`X-Pinning-Token\` without a name, or \`authToken\` in
\`connectionParams\`. So does another scheme of \`Authorization\` than \`Bearer\`. In \`connectionParams\`, any of these closes the WebSocket
with 4400. If a proxy in front of the gateway asks its clients for such a header, let it drop the header before it passes the request on.
Headers that proxies, clouds and browsers add by themselves, such as \`X-Forwarded-Access-Token\`, and tokens against forged requests,
such as \`X-CSRF-Token\`, are ignored.

A configured token lets everybody who reaches the gateway use the service. That is why the gateway listens on loopback unless told
otherwise. While it does, it answers to loopback host names only. Only pages from \`corsOrigins\` may call it from a browser. With a token,
it does not start where other machines reach it, unless \`allowedHosts\` has names or \`allowAnonymous\` is set. Tokens never appear in logs,
errors or answers.

The embedded service's token is made once and kept in \`dataDir\`, readable by its owner only. A file with a secret that is
empty, or that others may read, is refused, and so is a data directory in which everybody may write. One that others may look
into is used with a warning. A \`token\` beside
\`provider: embedded\` takes its place; pins that were added with the other one are not seen with it.

## In a container, and behind a proxy

- In a container, the gateway must listen on all addresses. If its port is published on loopback only, as by
  \`docker run -p 127.0.0.1:4000:4000\`, give it \`--host 0.0.0.0 --allow-anonymous --graphiql --introspection --suggestions\`. Whoever reaches that
  port uses the tokens of the gateway.
- Behind a reverse proxy, set \`allowedHosts\` to the public host names and \`trustProxy\` to the address of the proxy. The proxy must pass \`Host\` on and
  append to \`X-Forwarded-For\`: for nginx, \`proxy_set_header Host $host\` and
  \`proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for\`. A proxy that rewrites \`Host\` and sends none of \`Forwarded\`, \`X-Forwarded-*\`,
  \`X-Real-IP\` and \`Via\` cannot be told from a program on the same machine.

## Exit codes

| code | when |
|---|---|
| ${EXIT.ok} | done, or stopped by SIGINT or SIGTERM; requests in flight were given \`shutdownTimeoutMs\` to finish |
| ${EXIT.failure} | could not start, stopped by itself, a check failed, or a second signal cut the stop short |
| ${EXIT.usage} | wrong command line or configuration |
`
}

function describe(key: string, schema: Parameters<typeof describeSetting>[0]): string {
  const { description, expects } = describeSetting(schema)
  return row([code(key), `${description} Expects ${expects}.`])
}

function fallbackOf(value: unknown): string {
  if (value === undefined) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(code).join(', ')
  return code(String(value))
}

function code(text: string): string {
  return `\`${text}\``
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
