import type { OperatorOutputs, PausedWork, Resumed } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'

/** Iterables that wait behind a paused one: only a pushing collector upstream can add any. */
export const PAUSED_MAX = 65_536

/**
 * Emits what generators (or arrays) yield, one value at a time, and stops between two values when output is not
 * available. Later iterables wait for earlier ones, so order is kept.
 */
export class PausedIteration implements PausedWork {
  readonly #waiting: { readonly iterator: Iterator<unknown>; readonly value: unknown }[] = []
  #outputs!: OperatorOutputs

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

  offer(iterable: unknown, value: unknown): void {
    if (!isIterable(iterable)) {
      this.#outputs.fail(value, notIterable(iterable))
    }
    const entry = { iterator: iterable[Symbol.iterator](), value }
    if (this.#waiting.length > 0 || this.#outputs.availability.stop) this.#hold(entry)
    else if (!this.#run(entry)) this.#hold(entry)
  }

  resume(): Resumed {
    let result: Resumed = 'blocked'
    for (;;) {
      const first = this.#waiting[0]
      if (first === undefined) return 'done'
      if (this.#outputs.availability.stop) return result
      result = 'progress'
      if (!this.#run(first)) return result
      this.#waiting.shift()
    }
  }

  /** Answers whether the iterator has ended. */
  #run(entry: { readonly iterator: Iterator<unknown>; readonly value: unknown }): boolean {
    const { emit, availability, fail } = this.#outputs
    const { iterator } = entry
    for (;;) {
      let step: IteratorResult<unknown>
      try {
        step = iterator.next()
      } catch (error) {
        return fail(entry.value, error)
      }
      if (step.done) return true
      emit(step.value)
      if (availability.stop) return false
    }
  }

  #hold(entry: { readonly iterator: Iterator<unknown>; readonly value: unknown }): void {
    if (this.#waiting.length >= PAUSED_MAX) this.#outputs.fail(entry.value, tooManyPaused())
    this.#waiting.push(entry)
  }
}

export function tooManyPaused(): OperatorError {
  return new OperatorError(
    'TOO_MANY_PAUSED_RECORDS',
    `More than ${PAUSED_MAX} records wait at an operator whose output is not available, because a function before it in the chain collects many records for one input. Write that function as a generator (function* with yield), which is paused instead.`,
    { pausedMax: PAUSED_MAX },
  )
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function notIterable(value: unknown): OperatorError {
  if (value instanceof Promise || (typeof value === 'object' && value !== null && 'then' in value))
    return promiseReturned()
  return new OperatorError(
    'NOT_ITERABLE',
    `The function returned a ${typeof value}. Return nothing and collect into the output, or return an iterable, e.g. by being a generator.`,
  )
}

export function promiseReturned(): OperatorError {
  return new OperatorError(
    'PROMISE_RETURNED',
    'The function returned a promise. Functions of an operator are synchronous, because records keep their order; open connections in open(), and wait for other systems in a sink or an async operator (async I/O).',
  )
}
