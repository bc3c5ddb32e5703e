import { assert } from '../base/assert.ts'
import type { SourceSplit } from '../connector/source.ts'
import type { CoordinatorMessage, SubtaskAddress } from '../protocol/messages.ts'
import type { UserValues } from '../protocol/user-values.ts'
import { CheckpointOptionsBook } from './checkpoint-options-book.ts'
import { createSubtask } from './create-subtask.ts'
import { LogBudget } from './slot-logger.ts'
import type { SlotParts, SlotPlan } from './slot-parts.ts'
import type { Subtask } from './subtask.ts'
import { TextChannel } from './text-channel.ts'

const METRICS_INTERVAL_MS = 50

/**
 * The subtasks of one slot, served in turn by one thread. Whoever drives it (a worker's loop, or the simulation) calls
 * `visit` until nothing is left to do, then waits for the slot's doorbell. Control messages are mail: taken between
 * two batches of records, so that no step sees half-changed state.
 */
export class Slot {
  readonly #parts: SlotParts
  readonly #subtasks: Subtask[] = []
  readonly #mail: CoordinatorMessage[] = []
  readonly #text: TextChannel
  readonly #wake: () => void
  readonly #checkpointOptions = new CheckpointOptionsBook()
  #values: UserValues | undefined
  #nextMetricsMs = 0
  #canceling = false

  constructor(parts: SlotParts) {
    this.#parts = parts
    const bell = parts.doorbells[parts.deployment.slotIndex]
    assert(bell !== undefined, () => `slot ${parts.deployment.slotIndex} has no doorbell`)
    this.#wake = () => bell.ring()
    this.#text = new TextChannel(parts.send)
  }

  get text(): TextChannel {
    return this.#text
  }

  /** Whether every subtask has ended and is closed. */
  get isDone(): boolean {
    return this.#subtasks.length === this.#parts.deployment.subtasks.length && this.#subtasks.every((s) => s.isClosed)
  }

  /** Whether functions are being closed. */
  get isClosing(): boolean {
    return this.#subtasks.some((subtask) => subtask.isClosing)
  }

  /** Whether something waits for the world outside. */
  get hasWorkUnderWay(): boolean {
    return this.#subtasks.some((subtask) => subtask.hasWorkUnderWay)
  }

  /** Makes all subtasks, then opens them. One that cannot be opened fails by itself. Throws if one cannot be made. */
  initialize(plan: SlotPlan): void {
    this.#values = plan.values
    const world = {
      ...this.#parts,
      ...plan,
      logBudget: new LogBudget(this.#parts.clock),
      checkpointOptions: this.#checkpointOptions,
    }
    for (const deployment of this.#parts.deployment.subtasks) {
      this.#subtasks.push(createSubtask(deployment, world, this.#text, this.#wake))
    }
    for (const subtask of this.#subtasks) void subtask.initialize()
  }

  /** Takes a message; it is handled at the next visit. */
  receive(message: CoordinatorMessage): void {
    this.#mail.push(message)
    this.#wake()
  }

  /** Serves mail, then each subtask once, beginning with the one at `first`. Answers whether anything was done. */
  visit(first = 0): boolean {
    let worked = this.#mail.length > 0
    while (this.#mail.length > 0) this.#handle(this.#mail.shift()!)
    const count = this.#subtasks.length
    for (let n = 0; n < count; n++) if (this.#subtasks[(first + n) % count]!.visit()) worked = true
    this.#text.flush()
    return worked
  }

  get subtaskCount(): number {
    return this.#subtasks.length
  }

  /**
   * Sends what waited long enough, and publishes the metrics when that is due. Answers in how many milliseconds to
   * come again at the latest.
   */
  tick(): number {
    const now = this.#parts.clock.monotonicMs()
    let next = Number.POSITIVE_INFINITY
    for (const subtask of this.#subtasks) next = Math.min(next, subtask.flushDue(now))
    if (now >= this.#nextMetricsMs) {
      for (const subtask of this.#subtasks) subtask.publishMetrics()
      this.#nextMetricsMs = now + METRICS_INTERVAL_MS
    }
    return next - now
  }

  #handle(message: CoordinatorMessage): void {
    switch (message.kind) {
      case 'cancel':
        if (this.#canceling) return
        this.#canceling = true
        for (const subtask of this.#subtasks) void subtask.cancel()
        return
      case 'text-written':
        this.#text.onWritten(message.length)
        return
      case 'trigger-checkpoint':
        this.#checkpointOptions.put(message.checkpoint)
        for (const address of message.subtasks) this.#find(address)?.triggerCheckpoint(message.checkpoint)
        return
      case 'abort-checkpoint':
        for (const subtask of this.#subtasks) subtask.abortCheckpoint(message.checkpointId)
        return
      case 'checkpoint-complete':
        for (const subtask of this.#subtasks) subtask.notifyCheckpointComplete(message.checkpointId)
        return
      case 'add-splits':
        this.#withSource(message.subtask, (source) =>
          source.addSplits(this.#values?.decode(message.splits) as SourceSplit[]),
        )
        return
      case 'no-more-splits':
        this.#withSource(message.subtask, (source) => source.notifyNoMoreSplits())
        return
      case 'source-event':
        this.#withSource(message.subtask, (source) => source.handleSourceEvent(this.#values?.decode(message.event)))
        return
    }
  }

  #withSource(address: SubtaskAddress, act: (source: NonNullable<Subtask['source']>) => void): void {
    const subtask = this.#find(address)
    if (subtask?.source === undefined || subtask.isEnded) return
    try {
      act(subtask.source)
    } catch (error) {
      subtask.fail(error)
    }
  }

  #find(address: SubtaskAddress): Subtask | undefined {
    return this.#subtasks.find(
      (s) => s.address.vertexIndex === address.vertexIndex && s.address.subtaskIndex === address.subtaskIndex,
    )
  }
}
