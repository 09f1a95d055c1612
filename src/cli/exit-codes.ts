/** Exit codes of the process. Scripts branch on them, so they must not change. */
export const EXIT = {
  /** Done, or stopped by SIGINT or SIGTERM. */
  ok: 0,
  /** The command could not start, ended by itself, or a check failed. */
  failure: 1,
  /** The command line or the configuration cannot be used. */
  usage: 2,
} as const
