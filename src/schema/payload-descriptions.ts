// Payloads of adds and replacements have these fields in common, but no interface: docs/decisions/0001 says why.

/** For the `idempotencyKey` of an input. */
export const IDEMPOTENCY_KEY =
  'Name of this change: 1 to 255 printable characters that you choose, such as a UUID. If no answer arrives, send the same input with the same key again within 24 hours: you get the first answer, and no second pin is made. Default: pinql makes a key.'

/** For the `idempotencyKey` of a payload. */
export const IDEMPOTENCY_KEY_USED =
  'The key of this change: the one that you sent, or the one that pinql made. Send it again with the same input to retry.'

export const ERROR = 'The reason why the change failed; null after success.'

const POSSIBLE_RESULTS =
  '`OUTCOME_UNKNOWN`: pins that may be the result, because content and name are equal and nothing shows that they are older. Look at them before you retry.'

/** For the `candidates` of an add. */
export const CANDIDATES = `${POSSIBLE_RESULTS} Usually empty.`

/** For the `candidates` of a replacement. */
export const REPLACEMENT_CANDIDATES = `${POSSIBLE_RESULTS} \`BAD_REQUEST\`: the pin that the service put in the place of the old one, although it left the name or \`meta\` as it was. Usually empty.`
