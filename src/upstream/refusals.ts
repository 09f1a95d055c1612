import { BadRequestError } from '../domain/errors.ts'

// Refusals that pinql can act on by itself. To clients they are what they extend.

/** The service has a pin of that CID already, and takes no second one. */
export class DuplicatePinError extends BadRequestError {}

/** The service does not like the origins, such as private addresses. */
export class OriginsRefusedError extends BadRequestError {}
