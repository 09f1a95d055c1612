import { Environment, type GraphQLResponse, Network, Observable, RecordSource, Store } from 'relay-runtime'
import { post, sockets } from '../request.ts'

export function createEnvironment(): Environment {
  return new Environment({
    network: Network.create(
      async ({ text }, variables) => (await post({ query: text ?? '', variables })) as GraphQLResponse,
      ({ text }, variables) =>
        Observable.create((sink) =>
          sockets.subscribe(
            { query: text ?? '', variables },
            { next: (result) => sink.next(result as GraphQLResponse), error: sink.error, complete: sink.complete },
          ),
        ),
    ),
    store: new Store(new RecordSource()),
  })
}
