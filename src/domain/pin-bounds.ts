// The bounds of the Pinning Service API for the parts of a pin: version 1.0.0, schema `Pin`.

/** Characters of `name`. A character outside the Basic Multilingual Plane counts as one. */
export const MAX_NAME_LENGTH = 255

/** Multiaddrs in `origins`. */
export const MAX_ORIGINS = 20

/** Entries of `meta`, as it goes over the wire. */
export const MAX_META_ENTRIES = 1_000

/** Characters of a key of `meta`. The specification has no such bound; this is that of `name`. */
export const MAX_META_KEY_LENGTH = 255

/** Bytes of `meta` as JSON. The specification has no such bound, and no service is known to take as much. */
export const MAX_META_BYTES = 64 * 1024
