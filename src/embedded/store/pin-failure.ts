/** Why a pin ends as `failed`, in words for its owner; they become `info.status_details`. */
export class PinFailure extends Error {
  override readonly name = 'PinFailure'
}
