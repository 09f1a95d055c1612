// libp2p calls Promise.withResolvers, which Node 20 lacks. This module must be imported before the first module of libp2p.
const promises: PromiseConstructor & { withResolvers?: unknown } = Promise

if (promises.withResolvers === undefined) {
  Object.defineProperty(Promise, 'withResolvers', {
    configurable: true,
    writable: true,
    value: function withResolvers(this: PromiseConstructor) {
      let resolve: unknown
      let reject: unknown
      const promise = new this((onResolve, onReject) => {
        resolve = onResolve
        reject = onReject
      })
      return { promise, resolve, reject }
    },
  })
}

export {}
