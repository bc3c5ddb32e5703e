import type { SinkWriter } from '../connector/sink.ts'
import type { OperatorOutputs, PausedWork, Resumed } from './generated-operator.ts'
import { PAUSED_MAX, tooManyPaused } from './paused-iteration.ts'

/** Waits for the promise of a sink writer; records that still come in meanwhile wait behind it, in order. */
export class AwaitedWrites implements PausedWork {
  /** Whether a record must be held instead of written. */
  busy = false
  readonly #held: unknown[] = []
  #outputs!: OperatorOutputs
  #writer!: SinkWriter<unknown>
  #rejection: { readonly record: unknown; readonly error: unknown } | undefined

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

  use(writer: SinkWriter<unknown>): void {
    this.#writer = writer
  }

  hold(record: unknown): void {
    if (this.#held.length >= PAUSED_MAX) this.#outputs.fail(record, tooManyPaused())
    this.#held.push(record)
  }

  await(pending: PromiseLike<void>, record: unknown): void {
    const { availability, wake } = this.#outputs
    this.busy = true
    availability.stop = true
    pending.then(
      () => {
        this.busy = false
        wake()
      },
      (error: unknown) => {
        this.#rejection = { record, error }
        wake()
      },
    )
  }

  resume(): Resumed {
    if (this.#rejection !== undefined) this.#outputs.fail(this.#rejection.record, this.#rejection.error)
    while (!this.busy) {
      if (this.#held.length === 0) return 'done'
      this.#write(this.#held.shift())
    }
    // Whoever is paused further up must not go on before us.
    this.#outputs.availability.stop = true
    return 'blocked'
  }

  #write(record: unknown): void {
    let pending: void | Promise<void>
    try {
      pending = this.#writer.write(record)
    } catch (error) {
      this.#outputs.fail(record, error)
    }
    if (pending !== undefined) this.await(pending, record)
  }
}
