import type { Dispatcher } from 'undici'

/** Whether a request may have reached its service: true unless the dispatcher tells that it is still to be sent. */
export class SendProgress {
  isSent = true
}

/**
 * Notes in a request's `opaque`, a `SendProgress`, when it begins to be written: before that a connection must be made,
 * and whatever goes wrong with it, name, route, TLS or time, the service has seen nothing of the request.
 */
export const noteSending: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { opaque: progress } = options as { readonly opaque?: unknown }
  if (!(progress instanceof SendProgress)) return dispatch(options, handler)
  progress.isSent = false
  return dispatch(options, {
    onRequestStart(...args) {
      progress.isSent = true
      handler.onRequestStart?.(...args)
    },
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  })
}
