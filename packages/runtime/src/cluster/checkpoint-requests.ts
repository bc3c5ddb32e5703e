import type { Clock } from '../base/clock.ts'
import type { CompletedSnapshot } from './checkpoint-coordinator-parts.ts'
import { type CheckpointRequest, checkpointRequest } from './checkpoint-request.ts'

/** Far more than people ask for. */
const REQUESTS_MAX = 100

export interface CheckpointRequestsParts {
  readonly clock: Clock
  /** How long a request may wait for its turn. */
  readonly timeoutMs: number
  /** What a request is told that is refused, or whose turn did not come. */
  readonly refusal: (why: string) => Error
}

/** Checkpoints and savepoints that people have asked for, and that have not begun. Bounded in number and time. */
export class CheckpointRequests {
  readonly #parts: CheckpointRequestsParts
  /** Oldest first. */
  readonly #waiting: CheckpointRequest[] = []

  constructor(parts: CheckpointRequestsParts) {
    this.#parts = parts
  }

  /** Settles with the snapshot, or with why there is none. */
  add(facts: Omit<CheckpointRequest, 'outcome'>): Promise<CompletedSnapshot> {
    const { clock, timeoutMs, refusal } = this.#parts
    const request = checkpointRequest(facts)
    const { promise, reject } = request.outcome
    if (this.#waiting.length >= REQUESTS_MAX) {
      reject(refusal(`${REQUESTS_MAX} others wait to be taken`))
      return promise
    }
    this.#waiting.push(request)
    const cancelTimer = clock.schedule(timeoutMs, () => {
      if (this.#remove(request)) reject(refusal(`its turn did not come within ${timeoutMs} ms`))
    })
    promise.then(cancelTimer, cancelTimer)
    return promise
  }

  /** One that began, and is to begin again. */
  putBack(request: CheckpointRequest): void {
    this.#waiting.unshift(request)
  }

  /** The oldest, removed; savepoints only, if checkpoints have to wait. */
  take(which: 'any' | 'savepoint'): CheckpointRequest | undefined {
    const request = this.#waiting.find(({ kind }) => which === 'any' || kind === which)
    if (request !== undefined) this.#remove(request)
    return request
  }

  rejectAll(reason: Error): void {
    for (const { outcome } of this.#waiting.splice(0)) outcome.reject(reason)
  }

  #remove(request: CheckpointRequest): boolean {
    const position = this.#waiting.indexOf(request)
    if (position !== -1) this.#waiting.splice(position, 1)
    return position !== -1
  }
}
