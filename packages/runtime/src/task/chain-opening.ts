import type { OperatorContext, OperatorStates } from '../operators/generated-operator.ts'
import { NO_RECORD } from '../operators/operator-failure.ts'
import type { SubtaskRestore } from '../snapshot/snapshot.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { Chain } from './chain.ts'
import { restoreStates } from './restore-states.ts'

/** Restores the state of a chain, piece by piece, and opens its operators. */
export class ChainOpening {
  readonly #chain: Chain
  readonly #contexts: readonly OperatorContext[]
  readonly #wake: () => void
  /** Operators from this position on are open. */
  #opened: number
  /** Resolved by the next visit. */
  #pause: PromiseWithResolvers<void> | undefined
  #isCanceled = false

  constructor(chain: Chain, contexts: readonly OperatorContext[], wake: () => void) {
    this.#chain = chain
    this.#contexts = contexts
    this.#wake = wake
    this.#opened = chain.operators.length
  }

  /** Operators from this position on are open, or their opening was begun. */
  get opened(): number {
    return this.#opened
  }

  async restore(
    restore: SubtaskRestore | undefined,
    states: readonly OperatorStates[],
    storage: SnapshotStorage,
  ): Promise<void> {
    for (const [i, operator] of this.#chain.operators.entries()) operator?.declareState?.(states[i]!)
    if (restore === undefined) return
    await restoreStates(restore, { chain: this.#chain, states, storage, pause: () => this.#pauseRestoring() })
  }

  /** Last operator first, as Flink does, so that each finds its successors open. */
  async open(): Promise<void> {
    while (this.#opened > 0 && !this.#isCanceled) {
      const i = --this.#opened
      const operator = this.#chain.operators[i]
      try {
        await operator?.initializeState?.(this.#contexts[i]!)
        await operator?.open?.(this.#contexts[i]!)
      } catch (error) {
        this.#chain.outputs[i]!.fail(NO_RECORD, error)
      }
    }
  }

  /** Goes on with what paused, so that others had their turn. Answers whether anything had. */
  resume(): boolean {
    const pause = this.#pause
    this.#pause = undefined
    pause?.resolve()
    return pause !== undefined
  }

  /** Nothing further is restored or opened. */
  cancel(): void {
    this.#isCanceled = true
    this.#pause?.reject(canceled())
  }

  #pauseRestoring(): Promise<void> {
    if (this.#isCanceled) return Promise.reject(canceled())
    this.#pause = Promise.withResolvers()
    this.#wake()
    return this.#pause.promise
  }
}

function canceled(): Error {
  return new Error('canceled while state was restored')
}
