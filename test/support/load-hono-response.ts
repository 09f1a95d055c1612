// Files that share a process share its globals. Hono's server puts a `Response` of its own in their place, and its mark for an
// answer that was sent otherwise works only if it was made before.
import '@hono/node-server/utils/response'
