/** What the process ends with. Part of the public behaviour: scripts branch on it. */
export const EXIT = {
  /** Done, or stopped by SIGINT or SIGTERM. */
  ok: 0,
  /** It could not start, stopped by itself, or a check failed. */
  failure: 1,
  /** The command line or the configuration cannot be used. */
  usage: 2,
} as const
