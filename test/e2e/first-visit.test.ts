import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { spawnCli } from '../support/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SERVING = /Serving GraphQL and GraphiQL at (http:\/\/\S+?\/graphql)/
const ERROR = 'error { code message }'

it('a newcomer adds what `pinql add` printed, sees it PINNED, lists, filters, replaces and removes it; a restart keeps pins', async () => {
  await using folder = await temporaryFolder()
  const cwd = folder.path
  await mkdir(join(cwd, 'site'))
  await writeFile(join(cwd, 'site', 'index.html'), '<h1>hello</h1>')
  await writeFile(join(cwd, 'site', 'big.bin'), Buffer.alloc(1_500_000, 'pinql'))
  await writeFile(join(cwd, 'note.txt'), 'a note')

  let url = ''
  const start = async () => {
    const cli = spawnCli(['--port', '0'], { cwd })
    url = (await cli.output(SERVING))[1] ?? ''
    return cli
  }
  const send = async (query: string, variables: Record<string, unknown>) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, each asserted where it is used.
    return (await response.json()) as any
  }
  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await send(query, variables)
    expect(errors).toBeUndefined()
    return data
  }
  const statusOf = async (id: string) =>
    (await ask('query ($id: ID!) { pin(id: $id) { status failureReason } }', { id })).pin
  const add = async (path: string) => {
    const origin = spawnCli(['add', path, '--json'], { cwd })
    return { origin, ...JSON.parse((await origin.output(/^\{.*\}\n/))[0]) }
  }
  const list = async (filter?: Record<string, unknown>) =>
    (await ask('query ($filter: PinFilter) { pins(filter: $filter) { totalCount nodes { name status } } }', { filter }))
      .pins

  const gateway = await start()
  const site = await add('site')
  await using _site = site.origin
  const note = await add('note.txt')
  await using _note = note.origin

  const added = await ask(
    `mutation ($input: AddPinInput!) { addPin(input: $input) { pin { id cid name } ${ERROR} } }`,
    site.variables,
  )
  expect(added.addPin.error).toBeNull()
  const { id } = added.addPin.pin
  expect(added.addPin.pin).toMatchObject({ cid: site.cid, name: 'site' })
  await expect.poll(() => statusOf(id)).toEqual({ status: 'PINNED', failureReason: null })
  expect(await list()).toEqual({ totalCount: 1, nodes: [{ name: 'site', status: 'PINNED' }] })
  expect(await list({ name: 'SIT', match: 'IPARTIAL' })).toMatchObject({ totalCount: 1 })
  expect(await list({ name: 'other' })).toEqual({ totalCount: 0, nodes: [] })

  const input = { id, cid: note.cid, name: 'note', origins: note.origins }
  const replace = (more: Record<string, unknown>) =>
    ask(
      `mutation ($input: ReplacePinInput!) { replacePin(input: $input) { replacedId pin { id cid name } ${ERROR} } }`,
      { input: more },
    )
  const replaced = await replace(input)
  const noteId: string = replaced.replacePin.pin.id
  expect(replaced).toEqual({
    replacePin: { replacedId: id, pin: { id: noteId, cid: note.cid, name: 'note' }, error: null },
  })
  await expect.poll(() => statusOf(noteId)).toEqual({ status: 'PINNED', failureReason: null })
  const renamed = await replace({ id: noteId, name: 'my note' })
  expect(renamed.replacePin).toMatchObject({ replacedId: noteId, pin: { cid: note.cid, name: 'my note' }, error: null })
  const newId: string = renamed.replacePin.pin.id
  await expect.poll(() => statusOf(newId)).toEqual({ status: 'PINNED', failureReason: null })
  expect(await send('query ($id: ID!) { pin(id: $id) { status } }', { id })).toMatchObject({
    data: { pin: null },
    errors: [{ path: ['pin'], extensions: { code: 'PIN_NOT_FOUND', service: 'local' } }],
  })

  gateway.kill('SIGTERM')
  expect(await gateway.exitCode).toBe(0)
  await using again = await start()
  expect(await list()).toEqual({ totalCount: 1, nodes: [{ name: 'my note', status: 'PINNED' }] })
  expect(
    await ask(`mutation ($input: RemovePinInput!) { removePin(input: $input) { pinId ${ERROR} } }`, {
      input: { id: newId },
    }),
  ).toEqual({ removePin: { pinId: newId, error: null } })
  expect(await list()).toEqual({ totalCount: 0, nodes: [] })

  again.kill('SIGINT')
  site.origin.kill('SIGINT')
  note.origin.kill('SIGTERM')
  expect(await Promise.all([again.exitCode, site.origin.exitCode, note.origin.exitCode])).toEqual([0, 0, 0])
})
