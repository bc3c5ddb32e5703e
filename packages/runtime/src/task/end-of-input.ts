import { NO_RECORD } from '../operators/operator-failure.ts'
import type { Chain } from './chain.ts'

/**
 * What happens to a chain after its last input, step by step: each operator, head first, emits what it held back; then
 * sinks are flushed. The subtask calls `step` only while its output is available and nothing in the chain is paused,
 * so output made here is bounded like any other.
 */
export class EndOfInputSteps {
  readonly #chain: Chain
  #next = 0
  #flushing: Promise<void> | undefined
  #flushed = false
  #failure: { readonly error: unknown } | undefined

  constructor(chain: Chain) {
    this.#chain = chain
  }

  /** Resolves when the sinks that are being flushed have been; undefined if none are. Never rejects. */
  settled(): Promise<void> | undefined {
    return this.#flushed ? undefined : this.#flushing
  }

  /** Answers whether all is done; if not, it is to be called again. */
  step(wake: () => void): 'done' | 'more' | 'waiting' {
    if (this.#failure !== undefined) throw this.#failure.error
    const { operators, outputs } = this.#chain
    if (this.#next < operators.length) {
      const i = this.#next++
      this.#endInput(i)
      return 'more'
    }
    if (this.#flushed) return 'done'
    this.#flushing ??= this.#flush(outputs.length).then(
      () => {
        this.#flushed = true
        wake()
      },
      (error: unknown) => {
        this.#failure = { error }
        wake()
      },
    )
    return 'waiting'
  }

  #endInput(i: number): void {
    const operator = this.#chain.operators[i]
    if (operator?.endInput === undefined) return
    const outputs = this.#chain.outputs[i]!
    let rest: void | Iterable<unknown>
    try {
      rest = operator.endInput(outputs.collector)
    } catch (error) {
      throw outputs.fail(NO_RECORD, error)
    }
    if (rest !== undefined) operator.paused?.offer?.(rest, NO_RECORD)
  }

  async #flush(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      try {
        await this.#chain.operators[i]?.flush?.()
      } catch (error) {
        this.#chain.outputs[i]!.fail(NO_RECORD, error)
      }
    }
  }
}
