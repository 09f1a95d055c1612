import type { ConfigProblem } from './config-error.ts'
import type { Environment } from './config-file.ts'
import type { ProxyConfig } from './gateway-config.ts'

/**
 * Reads the usual variables of HTTP proxies. That in lower case wins, as in curl. A proxy without a scheme is one of http, as there.
 *
 * @param problems gets a problem for each variable that is no address of a proxy. It does not show it, since it may have a password.
 */
export function readProxyVariables(env: Environment, problems: ConfigProblem[]): ProxyConfig {
  const read = (name: string): readonly [name: string, value: string] => {
    const lower = name.toLowerCase()
    return env[lower] ? [lower, env[lower]] : [name, env[name] ?? '']
  }
  const readProxy = (variable: string): string => {
    const [name, text] = read(variable)
    if (text === '') return ''
    const url = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`
    if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
    const message = `expected an http or https URL of a proxy, got a text of ${text.length} characters`
    problems.push({ key: name, source: 'environment', message })
    return ''
  }
  const httpProxy = readProxy('HTTP_PROXY')
  const httpsProxy = readProxy('HTTPS_PROXY')
  const [, noProxy] = read('NO_PROXY')
  // As in curl, an asterisk is for all hosts.
  if (noProxy.split(/[\s,]+/).includes('*')) return Object.freeze({ noProxy: '*' })
  return Object.freeze({ ...(httpProxy && { httpProxy }), ...(httpsProxy && { httpsProxy }), noProxy })
}
