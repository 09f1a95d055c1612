import { expect, it } from 'vitest'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { embeddedDialRanges } from '../../../../src/server/services/embedded-dial-ranges.ts'

const rangesOf = (input: Record<string, unknown>, dial?: readonly string[]) =>
  embeddedDialRanges(parseConfig({ services: { local: { provider: 'embedded', ...(dial && { dial }) } }, ...input }))

it('lets a gateway that only this machine reaches dial whatever the machine may', () => {
  expect(rangesOf({})).toEqual(['loopback', 'private', 'public'])
  expect(rangesOf({ host: '::1', allowedHosts: ['localhost'] })).toEqual(['loopback', 'private', 'public'])
})

it.each([
  [{ host: '0.0.0.0' }],
  [{ host: '::' }],
  [{ listen: ['/ip4/0.0.0.0/tcp/4001'] }],
  [{ listen: ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.168.1.5/tcp/4001'] }],
  [{ host: '192.168.1.5' }],
  [{ allowedHosts: ['pins.example.com'] }],
  [{ allowedHosts: ['*'] }],
  [{ trustProxy: 1 }],
  [{ trustProxy: ['10.0.0.1'] }],
])('keeps those who reach a gateway by %j out of its network', (input) => {
  expect(rangesOf(input)).toEqual(['public'])
})

it('allows what the configuration says', () => {
  expect(rangesOf({ host: '0.0.0.0' }, ['public', 'private'])).toEqual(['public', 'private'])
  expect(() => parseConfig({ services: { one: { provider: 'filebase', dial: ['public'] } } })).toThrow(
    'services.one.dial: expected none but for an embedded service',
  )
  expect(() => rangesOf({}, ['everything'])).toThrow('expected a list of public, private and loopback')
})
