import type { Clock } from '../base/clock.ts'
import { RestError } from './rest-error.ts'

/** How long a result can be asked for. */
const keptMs = 5 * 60_000
/** Operations under way and results that are kept, together. */
const operationsMax = 100

export type OperationStatus =
  | { readonly kind: 'in progress' }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }

interface Operation {
  status: OperationStatus
  endedAtMs: number
  isTold: boolean
}

/**
 * What takes longer than a request: it is started, and its result asked for by the id of its trigger. A client may choose
 * that id; the same id again means the same operation, so that a request can be repeated.
 */
export class AsyncOperations {
  readonly #clock: Clock
  readonly #makeId: () => string
  readonly #operations = new Map<string, Operation>()
  #onTold: () => void = () => {}

  constructor(clock: Clock, makeId: () => string) {
    this.#clock = clock
    this.#makeId = makeId
  }

  /**
   * Answers the id of the trigger.
   *
   * @param scope - ids are told apart by it: what kind of operation, on what.
   * @throws RestError `TOO_MANY_OPERATIONS`
   */
  start(scope: string, triggerId: string | undefined, action: () => Promise<unknown>): string {
    const id = triggerId ?? this.#makeId()
    const key = `${scope}/${id}`
    this.#forgetOld()
    if (this.#operations.has(key)) return id
    this.#makeRoom()
    const operation: Operation = { status: { kind: 'in progress' }, endedAtMs: 0, isTold: false }
    this.#operations.set(key, operation)
    const end = (status: OperationStatus): void => {
      operation.status = status
      operation.endedAtMs = this.#clock.monotonicMs()
    }
    Promise.resolve()
      .then(action)
      .then(
        (result) => end({ kind: 'done', result }),
        (error: unknown) => end({ kind: 'failed', error }),
      )
    return id
  }

  /** Undefined if there is no such operation (any more). */
  status(scope: string, triggerId: string): OperationStatus | undefined {
    this.#forgetOld()
    const operation = this.#operations.get(`${scope}/${triggerId}`)
    if (operation === undefined) return undefined
    if (operation.status.kind !== 'in progress') {
      operation.isTold = true
      this.#onTold()
    }
    return operation.status
  }

  /**
   * Resolves when whoever started an operation has been told how it ended, or after `boundMs`: the process of a job that
   * was stopped must not end before.
   */
  async allTold(boundMs: number): Promise<void> {
    const isDone = (): boolean => [...this.#operations.values()].every(({ isTold }) => isTold)
    if (isDone()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = this.#clock.schedule(boundMs, resolve)
    this.#onTold = () => {
      if (isDone()) resolve()
    }
    await promise
    stop()
  }

  #forgetOld(): void {
    const now = this.#clock.monotonicMs()
    for (const [key, { status, endedAtMs }] of this.#operations) {
      if (status.kind !== 'in progress' && now - endedAtMs > keptMs) this.#operations.delete(key)
    }
  }

  #makeRoom(): void {
    if (this.#operations.size < operationsMax) return
    const oldest = [...this.#operations].find(([, { status }]) => status.kind !== 'in progress')
    if (oldest === undefined) {
      throw new RestError('TOO_MANY_OPERATIONS', `${operationsMax} operations are under way: wait until one has ended`)
    }
    this.#operations.delete(oldest[0])
  }
}
