import { describe, expect, it } from 'vitest'
import { checkLayers, type Layers, type Packages } from '../../../support/layers/check-layers.ts'

const LAYERS: Layers = {
  domain: [],
  upstream: ['domain'],
  'upstream/writes': ['upstream/stop.ts'],
  live: ['upstream'],
  'index.ts': ['live'],
}
const PACKAGES: Packages = {
  undici: ['upstream'],
  '@libp2p': ['live'],
  '@libp2p/peer-id': ['domain'],
  'node:fs': ['live'],
}

/** Imports that need every entry of the tables. None is wrong. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  'domain/cid.ts': ['./pin.ts', '@libp2p/peer-id'],
  'upstream/tenant.ts': ['../domain/cid.ts', './writes/pin-writer.ts', 'undici'],
  'upstream/writes/pin-writer.ts': ['../stop.ts', './keys.ts'],
  'live/poll.ts': ['../upstream/writes/keys.ts', '@libp2p/interface', 'node:fs/promises'],
  'index.ts': ['./live/poll.ts'],
}

const check = (files: Readonly<Record<string, readonly string[]>>, layers = LAYERS, packages = PACKAGES) =>
  checkLayers(
    Object.entries(files).map(([path, imports]) => ({ path, imports })),
    layers,
    packages,
  )

it('has nothing to say of files that import what the tables allow', () => {
  expect(check(RIGHT)).toEqual([])
})

describe('names the file, the import and the rule', () => {
  it.each([
    ['of another layer', 'domain/errors.ts', '../live/poll.ts', 'live/poll.ts, but domain may import nothing'],
    ['of a layer above', 'live/view.ts', '../index.ts', 'index.ts, but live may import upstream only'],
    [
      'of a folder whose name begins alike',
      'live/view.ts',
      '../upstream-2/a.ts',
      'upstream-2/a.ts, but live may import upstream only',
    ],
    [
      'of a folder within the same layer',
      'upstream/writes/keys.ts',
      '../tenant.ts',
      'upstream/tenant.ts, but upstream/writes may import upstream/stop.ts only',
    ],
    [
      'that the row of the outer folder has',
      'upstream/writes/keys.ts',
      '../../domain/cid.ts',
      'domain/cid.ts, but upstream/writes may import upstream/stop.ts only',
    ],
    ['of a file outside of src', 'live/view.ts', '../../test/a.ts', '../test/a.ts, but live may import upstream only'],
    ['of a package of another layer', 'live/view.ts', 'undici', 'undici, but undici may be imported by upstream only'],
    [
      'of an entry of such a package',
      'live/view.ts',
      'undici/api',
      'undici/api, but undici may be imported by upstream only',
    ],
    [
      'of a package that its scope would allow',
      'live/view.ts',
      '@libp2p/peer-id',
      '@libp2p/peer-id, but @libp2p/peer-id may be imported by domain only',
    ],
    ['of a built-in module', 'domain/errors.ts', 'node:fs', 'node:fs, but node:fs may be imported by live only'],
    ['of an unknown package', 'live/view.ts', 'left-pad', 'left-pad, but PACKAGES has no row for it'],
    ['of a built-in module without its prefix', 'live/view.ts', 'fs', 'fs, but PACKAGES has no row for it'],
  ])('of an import %s', (_, path, name, wrong) => {
    expect(check({ ...RIGHT, [path]: [name] })).toEqual([`${path} imports ${wrong}`])
  })

  it('of each wrong import of a file', () => {
    expect(check({ ...RIGHT, 'domain/errors.ts': ['undici', '../live/poll.ts'] })).toHaveLength(2)
  })
})

it('refuses a file whose folder has no row', () => {
  expect(check({ ...RIGHT, 'web/main.ts': [] })).toEqual(['web/main.ts: LAYERS has no row for its folder'])
})

it('refuses a row without files, which any folder of that name would inherit', () => {
  expect(check(RIGHT, { ...LAYERS, loaders: ['domain'] })).toEqual([
    'LAYERS has a row for loaders, but no file is there',
  ])
})

it('refuses an entry of LAYERS that no file needs', () => {
  expect(check(RIGHT, { ...LAYERS, live: ['upstream', 'domain'] })).toEqual([
    'LAYERS: live does not import domain: remove the entry',
  ])
})

it('refuses an entry of PACKAGES that no file needs', () => {
  expect(check(RIGHT, LAYERS, { ...PACKAGES, undici: ['upstream', 'live'], yaml: ['live'] })).toEqual([
    'PACKAGES: undici is not imported by live: remove the entry',
    'PACKAGES: yaml is not imported by live: remove the entry',
  ])
})
