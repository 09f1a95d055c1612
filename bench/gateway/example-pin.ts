import { exampleCid } from '../../test/support/providers/example-cid.ts'

/** A pin as a service with everything filled in would show it, about 700 bytes. */
export function examplePin(n: number, requestid: string): object {
  return {
    requestid,
    status: 'pinned',
    created: new Date(Date.UTC(2026, 0, 1) - n * 1000).toISOString(),
    pin: {
      cid: exampleCid(n),
      name: `photo ${n}.jpg`,
      origins: ['/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWJmeLCCQNgVmXGWXbrqhKDCdTTHvwNB1aHWgtGgbZUmeb'],
      meta: { app: 'bench', album: `album ${n % 10}` },
    },
    delegates: ['/ip4/203.0.113.1/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'],
    info: { status_details: 'kept by three peers', dag_size: '123456' },
  }
}
