/** The DAG cannot be walked as a whole. The message is for the owner of the pin. */
export class DagError extends Error {
  override readonly name = 'DagError'
}
