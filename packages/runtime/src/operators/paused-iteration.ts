import { Fifo } from '../base/fifo.ts'
import type { OperatorOutputs, PausedWork, Resumed } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'

/** Records that wait behind a paused generator: only a pushing collector upstream can add any. */
export const PAUSED_MAX = 65_536

/** After so many values of one iterable others get their turn, so that one that never ends can be canceled. */
const VALUES_PER_TURN = 1_024
/** After so many held records, each of which may make as many values, too. */
const HELD_PER_TURN = 64

/**
 * Emits what generators (or arrays) yield, one value at a time, and stops between two values when output is not
 * available. A record that comes in meanwhile is held, and given to the function when its turn has come: so a function
 * sees its records one after the other, and its output keeps their order.
 */
export class PausedIteration implements PausedWork {
  /** Whether a record must be held instead of processed. */
  holding = false
  #running: { readonly iterator: Iterator<unknown>; readonly value: unknown } | undefined
  readonly #held = new Fifo<{ readonly input: (value: unknown) => void; readonly value: unknown }>()
  #outputs!: OperatorOutputs

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

  /** Keeps a record for `input`, which takes it later. */
  hold(input: (value: unknown) => void, value: unknown): void {
    if (this.#held.length >= PAUSED_MAX) this.#outputs.fail(value, tooManyPaused())
    this.#held.put({ input, value })
  }

  /** Takes the iterable that the function returned for the record `value`. */
  offer(iterable: unknown, value: unknown): void {
    this.holding = true
    this.#running = { iterator: this.#iteratorOf(iterable, value), value }
    if (!this.#outputs.availability.stop) this.#run()
    this.holding = this.#running !== undefined || this.#held.length > 0
  }

  resume(): Resumed {
    if (!this.holding) return 'done'
    const { availability } = this.#outputs
    if (availability.stop) return 'blocked'
    if (this.#running !== undefined) this.#run()
    for (let left = HELD_PER_TURN; left > 0 && this.#running === undefined && !availability.stop; left--) {
      const next = this.#held.take()
      if (next === undefined) break
      this.holding = false
      next.input(next.value)
      this.holding = true
    }
    this.holding = this.#running !== undefined || this.#held.length > 0
    // Whoever is paused further up must not go on before us.
    if (this.holding) availability.stop = true
    return 'progress'
  }

  abandon(): void {
    const running = this.#running
    this.#running = undefined
    this.#held.clear()
    running?.iterator.return?.()
  }

  #run(): void {
    const { emit, availability, fail } = this.#outputs
    const { iterator, value } = this.#running!
    for (let left = VALUES_PER_TURN; left > 0; left--) {
      let next: unknown
      try {
        const step = iterator.next()
        if (step.done) {
          this.#running = undefined
          return
        }
        next = step.value
      } catch (error) {
        this.#running = undefined
        fail(value, error)
      }
      emit(next)
      if (availability.stop) return
    }
    availability.stop = true
  }

  #iteratorOf(iterable: unknown, value: unknown): Iterator<unknown> {
    if (!isIterable(iterable)) return this.#outputs.fail(value, notIterable(iterable))
    try {
      return iterable[Symbol.iterator]()
    } catch (error) {
      return this.#outputs.fail(value, error)
    }
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
  if (typeof value === 'object' && value !== null && ('then' in value || Symbol.asyncIterator in value))
    return promiseReturned()
  return new OperatorError(
    'NOT_ITERABLE',
    `The function returned ${kindOf(value)}. Return nothing and collect into the output, or return an iterable, e.g. by being a generator.`,
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object that is not iterable' : `a ${typeof value}`
}

export function promiseReturned(): OperatorError {
  return new OperatorError(
    'PROMISE_RETURNED',
    'The function returned a promise. Functions of an operator are synchronous, because records keep their order; open connections in open(), and wait for other systems in a sink or an async operator (async I/O).',
  )
}
