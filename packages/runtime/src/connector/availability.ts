/**
 * Lets a reader wait until there is something to do. A notification while nobody waits is kept for the next wait, so
 * that none is lost between a poll that found nothing and the wait that follows it.
 */
export class Availability {
  #notified = false
  #waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  wait(): Promise<void> {
    if (this.#notified) {
      this.#notified = false
      return Promise.resolve()
    }
    this.#waiting ??= Promise.withResolvers<void>()
    return this.#waiting.promise
  }

  notify(): void {
    if (this.#waiting === undefined) {
      this.#notified = true
      return
    }
    this.#waiting.resolve()
    this.#waiting = undefined
  }
}
