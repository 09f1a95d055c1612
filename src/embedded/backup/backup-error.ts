/** A file is no backup that can be imported. The message is for the operator, and names the record that is wrong. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
