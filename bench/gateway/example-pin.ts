import { exampleCid } from '../../test/support/providers/example-cid.ts'

const PEER = '12D3KooWJmeLCCQNgVmXGWXbrqhKDCdTTHvwNB1aHWgtGgbZUmeb'

/** A pin as a service with everything filled in would show it, about 800 bytes. */
export function examplePin(n: number, requestid: string): object {
  return {
    requestid,
    status: ['queued', 'pinning', 'pinned', 'failed'][n % 4],
    created: new Date(Date.UTC(2025, 0, 1) - n * 1000).toISOString(),
    pin: {
      cid: exampleCid(n),
      name: `photo-${n}.jpg`,
      origins: [`/ip4/203.0.113.142/tcp/4001/p2p/${PEER}`, `/ip4/203.0.113.114/udp/4001/quic-v1/p2p/${PEER}`],
      meta: { app_id: '99986338-1113-4706-8302-4420da6158aa', region: 'eu-central-1' },
    },
    delegates: [`/ip4/203.0.113.1/tcp/4001/p2p/${PEER}`, `/dnsaddr/pin.example.com/p2p/${PEER}`],
    info: { status_details: `Queue position: ${n} of 100`, dag_size: '123456' },
  }
}
