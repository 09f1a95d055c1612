import { type AddPinInput, type ApiError, readError, readErrors } from 'pinql/client'
import { sockets } from './request.ts'

/** A pin as all clients select it. */
export interface SelectedPin {
  readonly id: string
  readonly cid: string
  readonly name?: string | null | undefined
  readonly meta: Readonly<Record<string, string>>
  readonly status: string
}

interface ChangePayload {
  readonly pin?: SelectedPin | null | undefined
  readonly error?: unknown
}

interface RemovalPayload {
  readonly removedId?: string | null | undefined
  readonly error?: unknown
}

export interface FollowSink {
  next(event: { readonly pin?: SelectedPin | null | undefined } | null | undefined): void
  error(reason: unknown): void
}

/** The operations of ../operations.graphql, as each client offers them. Rejections are what the client throws. */
export interface PinsApi {
  listPins(variables: { filter: { name: string; match: 'PARTIAL' }; first: number; after: string | null }): Promise<{
    readonly nodes: readonly SelectedPin[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null | undefined }
  }>
  readPin(variables: { id: string } | { requestId: string }): Promise<SelectedPin | null | undefined>
  addPin(input: AddPinInput): Promise<ChangePayload>
  replacePin(input: { id: string; cid?: string; name?: string }): Promise<ChangePayload>
  removePin(input: { id: string }): Promise<RemovalPayload>
  /** Returns what ends the subscription. */
  followPins(variables: { ids: string[]; kinds?: ('SNAPSHOT' | 'STATUS_CHANGED')[] }, sink: FollowSink): () => void
}

/** Does the steps of test/clients/README.md and prints their facts. */
export async function runSteps(client: string, api: PinsApi): Promise<void> {
  const meta = { client }
  const add = async (name: string, cid: string) => changed(await api.addPin({ cid, name, meta }))
  const one = await add('album 1', 'bafkqab3bnrrhk3jage')
  const two = await add('album 2', 'bafkqab3bnrrhk3jagi')
  const three = await add('album 3', 'bafkqab3bnrrhk3jagm')
  const other = await add('other', 'bafkqablporugk4q')

  const pages = await listAll(api, 'album')
  const read = await api.readPin({ id: one.id })
  const replaced = changed(await api.replacePin({ id: two.id, cid: 'bafkqadlbnrrhk3jagiqgcz3bnfxa' }))
  const renamed = changed(await api.replacePin({ id: three.id, name: 'album three' }))
  const removed = await api.removePin({ id: other.id })

  const failedAdd = readError((await api.addPin({ cid: 'no cid' })).error)
  const failedRead = await failureOf(api.readPin({ id: other.id }))
  const unknown = process.env.PINQL_TODAY === '0' ? await meetUnknown(api) : []

  const { id } = await add('followed', 'bafkqacdgn5wgy33xmvsa')
  const followed = [
    await followToPinned(api, { ids: [id] }),
    await followToPinned(api, { ids: [id], kinds: ['SNAPSHOT', 'STATUS_CHANGED'] }),
  ]

  const facts = {
    client,
    pages,
    read: read?.name,
    replaced: { name: replaced.name, meta: replaced.meta, cid: replaced.cid },
    renamed: { name: renamed.name, cidKept: renamed.cid === three.cid, metaKept: renamed.meta.client === client },
    removed: readError(removed.error) === null && removed.removedId === other.id,
    errors: [describe(failedAdd), describe(failedRead)],
    unknown,
    followed,
  }
  process.stdout.write(`${JSON.stringify(facts)}\n`)
  await sockets.dispose()
}

async function listAll(api: PinsApi, name: string): Promise<unknown[]> {
  const pages = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<PinsApi['listPins']>> = await api.listPins({
      filter: { name, match: 'PARTIAL' },
      first: 2,
      after,
    })
    pages.push(page.nodes.map((pin) => pin.name))
    after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null
  } while (after)
  return pages
}

async function meetUnknown(api: PinsApi): Promise<string[]> {
  const { error } = await api.addPin({ cid: 'bafkqablporugk4q', name: 'over quota' })
  return [describe(readError(error)), describe(await failureOf(api.readPin({ requestId: 'over-quota' })))]
}

function followToPinned(api: PinsApi, variables: Parameters<PinsApi['followPins']>[0]): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = api.followPins(variables, {
      next(event) {
        if (event?.pin?.status !== 'PINNED') return
        stop()
        resolve(event.pin.status)
      },
      error: reject,
    })
  })
}

function changed({ pin, error }: ChangePayload): SelectedPin {
  if (!pin) throw new Error(`expected a pin, got ${describe(readError(error))}`)
  return pin
}

async function failureOf(read: Promise<unknown>): Promise<ApiError | undefined> {
  const [error] = await read.then(() => [], readErrors)
  return error
}

/** Returns the program's response to an error. Unknown codes take the last branch. */
function describe(error: ApiError | null | undefined): string {
  switch (error?.code) {
    case 'BAD_REQUEST':
      return `${error.code}:${error.argument}`
    case 'PIN_NOT_FOUND':
      return `${error.code}:${error.service}`
    case 'OTHER':
      return `${error.originalCode}->OTHER`
    default:
      return `unexpected: ${error?.code} ${error?.message}`
  }
}
