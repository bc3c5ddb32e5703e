import process from 'node:process'

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npm hands a Ctrl-C on that its child has got from the terminal already: such a pair is one. */
const echoMs = 80

/** The user's wish to end: the first time in order, the second time at once. */
export class StopSignals implements Disposable {
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  #firstAtMs = 0
  #exitStatus = 0
  readonly #listener = (name: NodeJS.Signals) => this.#onSignal(name)

  constructor() {
    for (const name of names) process.on(name, this.#listener)
  }

  /** Aborted by the first signal. */
  get first(): AbortSignal {
    return this.#first.signal
  }

  /** Aborted by the second. */
  get second(): AbortSignal {
    return this.#second.signal
  }

  /** As shells count it. */
  get exitStatus(): number {
    return this.#exitStatus
  }

  [Symbol.dispose](): void {
    for (const name of names) process.off(name, this.#listener)
  }

  #onSignal(name: NodeJS.Signals): void {
    if (!this.#first.signal.aborted) {
      this.#exitStatus = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name as (typeof names)[number]]
      this.#firstAtMs = performance.now()
      this.#first.abort()
    } else if (performance.now() - this.#firstAtMs >= echoMs) this.#second.abort()
  }
}
