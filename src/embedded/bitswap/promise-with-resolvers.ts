// libp2p calls Promise.withResolvers, which Node has since 22. Import this before the first libp2p module.
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
