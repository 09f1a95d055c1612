import {
  BadRequestError,
  InsufficientFundsError,
  MalformedResponseError,
  PinNotFoundError,
  type PinqlError,
  RateLimitedError,
  ServiceError,
  UnauthorizedError,
} from '../../domain/errors.ts'
import { parseUntrustedJson } from '../../domain/untrusted-json.ts'
import type { ServiceResponse } from './exchange.ts'
import type { HideSecrets } from './hide-secrets.ts'
import {
  DuplicatePinError,
  EmptyRefusalError,
  FailedAnswerError,
  ListNotFoundError,
  OriginsRefusedError,
  SpecifiedRefusalError,
  WrongEndpointError,
} from './refusals.ts'
import { retryAfterOf } from './retry-after.ts'

/** The facts about a refused request that its error depends on. */
interface RefusedRequest {
  /** The pin that the request named; null for requests about no particular pin. */
  readonly requestId: string | null
  /** True for a request that may have changed something before it failed. */
  readonly mayHaveActed: boolean
  /** Unix milliseconds, used where the answer has no readable `Date`. */
  readonly wallNowMs: number
  /** Removes secrets from the service's words. */
  readonly hide?: HideSecrets | undefined
}

/** A service's explanation of a refusal, whatever form it came in. */
interface FailureText {
  /** The machine-readable part, such as `INSUFFICIENT_FUNDS`. */
  readonly reason: string | null
  /** The text for people. */
  readonly details: string | null
}

const DEFAULT_RETRY_AFTER_MS = 1000
/** Characters of a refusal that are read. Pages of proxies have a few thousand; what comes later explains nothing. */
const MAX_WORDS_LENGTH = 16_384
const ABOUT_MONEY =
  /insufficient[\s_-]?(?:funds|balance|credit)|lack of funds|\b(?:un)?paid\b|\bpayment|\bplan\b|quota|subscription|storage limit/i
/** Words about a missing pin. They must not match words about a host that a proxy could not find. */
const ABOUT_ABSENCE = /(?:record|pin|object|resource)[\s_-]?not[\s_-]?found|no such (?:pin|record|object)/i
const ABOUT_DUPLICATE = /duplicate|already (?:been )?pinned/i
const ABOUT_ORIGINS = /origins/i
const ABOUT_TOKEN =
  /(?:access|auth|bearer|invalid|missing|no)[\s_-]token|unauthor|authori[sz]ation|credential|KEYS_MUST_BE_STRINGS/i

/**
 * Maps the HTTP status of a refusal to an error class. This is the only place that does so.
 *
 * Where the status alone is not clear, as with 400, 403 and 409, the words in the body decide.
 *
 * @see Pinning Service API 1.0.0, schema `Failure`
 */
export function errorFromResponse(
  serviceName: string,
  response: ServiceResponse,
  { requestId, mayHaveActed, wallNowMs, hide }: RefusedRequest,
): PinqlError {
  const { status } = response
  const from = { service: serviceName }
  const text = response.text.slice(0, MAX_WORDS_LENGTH)
  const { reason, details } = parseFailure(text, hide)
  const words = [reason, details].filter((part) => part !== null).join(': ')
  const message = `${serviceName} answered ${status}${words ? ` ${words}` : ''}`

  if (status === 401) return new UnauthorizedError(message, from)
  if (status === 402) return new InsufficientFundsError(message, from)
  if (status === 403) {
    return ABOUT_MONEY.test(words) ? new InsufficientFundsError(message, from) : new UnauthorizedError(message, from)
  }
  if ((status === 404 || status === 405) && isWebPage(text)) {
    return new WrongEndpointError(`${serviceName} answered ${status} with a web page: check its endpoint`, from)
  }
  if ((status === 404 || status === 410) && requestId !== null) return new PinNotFoundError(serviceName, requestId)
  if ((status === 400 || status === 409) && ABOUT_DUPLICATE.test(words)) {
    return new DuplicatePinError(message, from)
  }
  if (status === 400 && ABOUT_ORIGINS.test(words)) return new OriginsRefusedError(message, from)
  if (status === 409 && (words === '' || ABOUT_MONEY.test(words))) return new InsufficientFundsError(message, from)
  if (status === 429) {
    return new RateLimitedError(serviceName, retryAfterOf(response.headers, wallNowMs) ?? DEFAULT_RETRY_AFTER_MS)
  }
  if (status === 400 && ABOUT_TOKEN.test(words)) return new UnauthorizedError(message, from)
  if (status === 400 || status === 422) {
    const isSpecified = reason !== null && /"error"\s*:\s*\{/.test(text)
    return new (isSpecified ? SpecifiedRefusalError : BadRequestError)(message, from)
  }
  // Functionland answers 424 when the cluster behind it has failed.
  if (status === 408 || status === 424 || status >= 500) {
    // Estuary answers 500 instead of 404.
    if (status === 500 && requestId !== null && ABOUT_ABSENCE.test(words))
      return new PinNotFoundError(serviceName, requestId)
    return new FailedAnswerError(message, { ...from, status, mayHaveActed })
  }
  if (status >= 300 && status < 400) {
    // A web server answers 303 (See Other) after it has carried out a request. So the request may have had an effect.
    const RedirectError = status === 303 ? MalformedResponseError : WrongEndpointError
    return new RedirectError(
      `${serviceName} answered ${status}, a redirect, which is not followed: check its endpoint`,
      from,
    )
  }
  const refusal = { ...from, httpStatus: status, reason }
  if (mayHaveActed || (status !== 404 && status !== 410)) return new ServiceError(message, refusal)
  if (status === 404 && words !== '' && isJson(text)) return new ListNotFoundError(message, refusal)
  return new EmptyRefusalError(message, { ...refusal, form: `${status} ${words}` })
}

/**
 * Finds reason and details in a refusal.
 *
 * Services use many forms: the specification's `error` object, the same fields without `error`, `code` and `message`, a
 * plain string, a JSON string, HTML, or an empty body.
 *
 * @param options.wallNowMs Unix milliseconds, used where the answer has no readable `Date`
 * @param options.hide removes secrets from the words. It gets the decoded words, since JSON may escape a secret differently.
 */
function parseFailure(body: string, hide: HideSecrets = (text) => text): FailureText {
  const text = body.trim()
  if (text === '') return { reason: null, details: null }
  const { reason, details } = findWords(text)
  // Hides secrets before shortening: a shortened text might end with the first half of a secret.
  return { reason: reason && shorten(hide(reason)), details: details && shorten(hide(details)) }
}

function findWords(text: string): FailureText {
  try {
    return fromJson(parseUntrustedJson(text))
  } catch {
    return { reason: null, details: fromPlainText(text) }
  }
}

function fromJson(json: unknown): FailureText {
  if (typeof json === 'string') return { reason: null, details: json }
  if (typeof json !== 'object' || json === null) return { reason: null, details: null }
  const outer = json as Record<string, unknown>
  const nested = outer.error ?? outer.Error
  if (typeof nested === 'string') return { reason: null, details: nested }
  const inner = (typeof nested === 'object' && nested !== null ? nested : outer) as Record<string, unknown>
  return {
    reason: textOf(inner.reason) ?? textOf(inner.code) ?? textOf(inner.Code),
    details: textOf(inner.details) ?? textOf(inner.message) ?? textOf(inner.Message),
  }
}

/** Returns whether the body is a page of a web site or a proxy. Such an answer says nothing about pins. */
export function isWebPage(body: string): boolean {
  return body.trimStart().startsWith('<')
}

/** Returns whether the body is JSON. */
export function isJson(body: string): boolean {
  try {
    parseUntrustedJson(body)
    return true
  } catch {
    return false
  }
}

/** Returns the title of an HTML page, which explains more than its markup. */
function fromPlainText(text: string): string {
  if (!isWebPage(text)) return text
  return /<(title|h1)\b[^<>]{0,500}>([^<]{0,500})/i.exec(text)?.[2]?.trim() || 'an HTML page'
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text
}
