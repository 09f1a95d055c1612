import type { Refusal } from './refusal.ts'
import { emptyReply, jsonReply, reply, type WireReply } from './wire-reply.ts'

/** Writes a refusal down in one service's way. */
export type ErrorBody = (refusal: Refusal) => WireReply

/** The names of all forms, in the order in which they were found. */
export const ERROR_BODY_FORMS = [
  'reasonAndDetails',
  'reasonOnly',
  'detailsOnly',
  'bareReasonAndDetails',
  'codeAndMessage',
  'notOk',
  'capitalError',
  'jsonString',
  'htmlPage',
  'htmlBadRequest',
  'empty',
  'plainText',
] as const

export type ErrorBodyForm = (typeof ERROR_BODY_FORMS)[number]

/** The twelve forms of error bodies met in the wild; only the first is the Pinning Service API's own (#29). */
export const errorBodies: Readonly<Record<ErrorBodyForm, ErrorBody>> = {
  /** 1: what the specification asks for. */
  reasonAndDetails: ({ status, reason, details }) => jsonReply(status, { error: { reason, details } }),
  /** 2: Estuary and ipfs-cluster, whose reason is a sentence. */
  reasonOnly: ({ status, details }) => jsonReply(status, { error: { reason: details } }),
  /** 3: web3.storage's 500. */
  detailsOnly: ({ status, details }) => jsonReply(status, { error: { details } }),
  /** 4: web3.storage, without the envelope. */
  bareReasonAndDetails: ({ status, reason, details }) => jsonReply(status, { reason, details }),
  /** 5: a framework's own. */
  codeAndMessage: ({ status, reason, details }) => jsonReply(status, { code: reason, message: details }),
  /** 6: nft.storage. */
  notOk: ({ status, reason, details }) => jsonReply(status, { ok: false, error: { code: reason, message: details } }),
  /** 7: Crust. */
  capitalError: ({ status, details }) => jsonReply(status, { Error: details }),
  /** 8: Functionland: a JSON document that is one string. */
  jsonString: ({ status, details }) => jsonReply(status, details),
  /** 9: a page of the proxy in front (Cloudflare), or of the web site (nft.storage). */
  htmlPage: ({ status, details }) =>
    reply(
      status,
      'text/html; charset=UTF-8',
      `<!DOCTYPE html><html><head><title>${status}</title></head><body><h1>${details}</h1></body></html>`,
    ),
  /** 10: the helia server's validation: two words that claim to be HTML. */
  htmlBadRequest: ({ status }) => reply(status, 'text/html; charset=utf-8', 'Bad Request'),
  /** 11: nft.storage's 405. */
  empty: ({ status }) => emptyReply(status),
  /** 12: Go's net/http, before any handler ran. */
  plainText: ({ status, details }) => reply(status, 'text/plain; charset=utf-8', `${status} ${details}`),
}
