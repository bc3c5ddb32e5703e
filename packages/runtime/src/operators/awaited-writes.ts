import { Fifo } from '../base/fifo.ts'
import type { SinkWriter } from '../connector/sink.ts'
import type { OperatorOutputs, PausedWork, Resumed } from './generated-operator.ts'
import { PAUSED_MAX, tooManyPaused } from './paused-iteration.ts'

/** Waits for the promise of a sink writer; records that still come in meanwhile wait behind it, in order. */
export class AwaitedWrites implements PausedWork {
  /** Whether a record must be held instead of written. */
  busy = false
  readonly #held = new Fifo<unknown>()
  #outputs!: OperatorOutputs
  #writer!: SinkWriter<unknown>
  /** The write that is under way; never rejects. */
  #pending: Promise<void> | undefined

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

  use(writer: SinkWriter<unknown>): void {
    this.#writer = writer
  }

  hold(record: unknown): void {
    if (this.#held.length >= PAUSED_MAX) this.#outputs.fail(record, tooManyPaused())
    this.#held.put(record)
  }

  /** Takes what the writer returned for `record`. */
  await(pending: unknown, record: unknown): void {
    // Users without types may return something else, such as the new length of an array.
    if (!isThenable(pending)) return
    const { availability, fail, wake } = this.#outputs
    this.busy = true
    availability.stop = true
    this.#pending = Promise.resolve(pending).then(
      () => {
        this.#pending = undefined
        wake()
      },
      (error: unknown) => {
        try {
          fail(record, error)
        } catch {
          // The failure is known from here on, and found by the visit for which it has rung.
        }
      },
    )
  }

  resume(): Resumed {
    if (!this.busy) return 'done'
    while (this.#pending === undefined) {
      if (this.#held.length === 0) {
        this.busy = false
        return 'done'
      }
      this.#write(this.#held.take())
    }
    // Whoever is paused further up must not go on before us.
    this.#outputs.availability.stop = true
    return 'blocked'
  }

  settled(): Promise<void> | undefined {
    return this.#pending
  }

  #write(record: unknown): void {
    let pending: unknown
    try {
      pending = this.#writer.write(record)
    } catch (error) {
      this.#outputs.fail(record, error)
    }
    if (pending !== undefined) this.await(pending, record)
  }
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
