import type { ProcessContext, RichProcessFunction } from '@millrace/runtime'

/** How {@link LatestPerKey} emits. */
export interface LatestPerKeyOptions {
  /** How often it emits what has changed. Without it only once, at the end of a bounded input. */
  readonly intervalMs?: number
}

/**
 * Thins out a stream of running results: of the many records with one key, only the last one counts. Put it right
 * behind a keyed `reduce` or `sum`, with the same parallelism and without a `keyBy` between, so that all records of a
 * key come by here.
 */
export class LatestPerKey<T> implements RichProcessFunction<T, T> {
  readonly #keyOf: (record: T) => unknown
  readonly #intervalMs: number
  #changed = new Map<unknown, T>()
  #emittedAtMs = 0

  constructor(keyOf: (record: T) => unknown, { intervalMs = Number.POSITIVE_INFINITY }: LatestPerKeyOptions = {}) {
    this.#keyOf = keyOf
    this.#intervalMs = intervalMs
  }

  processElement(record: T, context: ProcessContext): Iterable<T> | void {
    this.#changed.set(this.#keyOf(record), record)
    if (this.#intervalMs === Number.POSITIVE_INFINITY) return
    const nowMs = context.currentProcessingTime()
    if (nowMs - this.#emittedAtMs < this.#intervalMs) return
    this.#emittedAtMs = nowMs
    return this.#takeChanged()
  }

  endInput(): Iterable<T> {
    return this.#takeChanged()
  }

  #takeChanged(): Iterable<T> {
    const changed = this.#changed
    this.#changed = new Map()
    return changed.values()
  }
}
