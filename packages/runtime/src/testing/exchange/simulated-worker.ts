import type { Clock } from '../../base/clock.ts'
import type { Doorbell } from '../../exchange/doorbell.ts'
import type { LoopFlaws, SimulatedSubtask } from './simulated-subtask.ts'

/** A doorbell whose count can be compared, as in shared memory. */
export class CountingDoorbell implements Doorbell {
  count = 0

  ring(): void {
    this.count++
  }
}

/** A worker's loop around exchanges: read the bell, visit, flush what is due, wait. */
export class SimulatedWorker {
  readonly doorbell: CountingDoorbell = new CountingDoorbell()
  readonly subtasks: SimulatedSubtask[] = []
  readonly #clock: Clock
  readonly #flaws: LoopFlaws
  readonly #steps: Generator<void> = this.#loop()
  stepping = false
  #waiting = false
  #seen = 0
  dueMs: number = Number.POSITIVE_INFINITY

  constructor(clock: Clock, flaws: LoopFlaws) {
    this.#clock = clock
    this.#flaws = flaws
  }

  isReady(nowMs: number): boolean {
    if (!this.#waiting || this.doorbell.count !== this.#seen || this.dueMs <= nowMs) return true
    return this.subtasks.some((subtask) => subtask.isAnswered)
  }

  /** Answers whether that was the last. */
  step(): boolean {
    this.stepping = true
    const { done } = this.#steps.next()
    this.stepping = false
    return done === true
  }

  /** The loop of a worker; at each yield another worker may go on. */
  *#loop(): Generator<void> {
    const { bellReadAfterVisit, timeoutsIgnored } = this.#flaws
    while (this.subtasks.some((subtask) => !subtask.finished)) {
      this.#waiting = false
      this.#seen = this.doorbell.count
      yield
      let worked = false
      for (const subtask of this.subtasks) {
        if (subtask.visit()) worked = true
        yield
      }
      this.dueMs = Number.POSITIVE_INFINITY
      for (const { writer } of this.subtasks) {
        const dueMs = timeoutsIgnored ? undefined : writer?.flushDue(this.#clock.monotonicMs())
        if (dueMs !== undefined && dueMs < this.dueMs) this.dueMs = dueMs
      }
      yield
      if (bellReadAfterVisit) this.#seen = this.doorbell.count
      if (worked || this.subtasks.every((subtask) => subtask.finished)) continue
      this.#waiting = true
      yield
    }
  }
}
