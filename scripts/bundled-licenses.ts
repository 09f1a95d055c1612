import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/**
 * The licence of every package of which something was bundled, as their authors ask for: a text to be shipped with it.
 *
 * @param bundles what esbuild tells of each bundle
 */
export async function bundledLicenses(bundles: readonly Metafile[]): Promise<string> {
  const inputs = bundles.flatMap(({ inputs }) => Object.keys(inputs))
  const folders = new Set(inputs.map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]))
  const texts = await Promise.all([...folders].filter((folder) => folder !== undefined).map(licenseOf))
  return `Parts of these packages are built into the files of pinql.\n\n${[...new Set(texts)].sort().join('\n')}`
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
  }
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const line = '-'.repeat(100)
  return `${line}\n${name} ${version}, ${license ?? 'licence: see below'}\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`
}
