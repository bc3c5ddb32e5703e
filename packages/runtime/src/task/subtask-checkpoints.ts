import type { Clock } from '../base/clock.ts'
import type { OperatorStates } from '../operators/generated-operator.ts'
import { NO_RECORD } from '../operators/operator-failure.ts'
import { describeError, type ErrorData } from '../protocol/error-data.ts'
import type { CheckpointOptions, SubtaskCheckpointMetrics } from '../protocol/messages.ts'
import type { CheckpointBarrier } from '../record/stream-element.ts'
import type { SubtaskSnapshot } from '../snapshot/snapshot.ts'
import type { OperatorStateBytes } from '../snapshot/state-bytes.ts'
import type { Chain } from './chain.ts'
import type { AlignedCheckpoint } from './checkpoint-alignment.ts'
import type { SourceTask } from './source-task.ts'

export interface SubtaskCheckpointsParts {
  readonly chain: Chain
  /** By position in the chain. */
  readonly states: readonly OperatorStates[]
  readonly source: SourceTask | undefined
  readonly clock: Clock
  readonly wake: () => void
  /** Sends the barrier down every channel. */
  readonly emitBarrier: (barrier: CheckpointBarrier) => void
  /** Whether operators have been told of the end of their input. */
  readonly hasEndedInput: () => boolean
  readonly optionsOf: (checkpointId: number) => Promise<CheckpointOptions>
  /** Writes what was copied, as the options say. */
  readonly write: (operators: readonly OperatorStateBytes[], options: CheckpointOptions) => Promise<SubtaskSnapshot>
  readonly acknowledge: (checkpointId: number, snapshot: SubtaskSnapshot, metrics: SubtaskCheckpointMetrics) => void
  readonly decline: (checkpointId: number, error: ErrorData) => void
}

/** One checkpoint on its way through the chain. */
interface SnapshotInProgress {
  readonly aligned: AlignedCheckpoint
  readonly startMs: number
  phase: 'prepare' | 'barrier' | 'operators' | 'copy'
  /** The next operator of the phase. */
  next: number
  waiting: boolean
  failure: { readonly error: unknown } | undefined
}

/**
 * The checkpoints of one subtask, from the moment their barriers are aligned: operators prepare (sinks flush), the barrier
 * goes on downstream, operators put what they hold into their states, states are copied; then records flow again, while the
 * copy is written and acknowledged. The subtask calls `step` only while nothing in its chain is paused, so no record is half
 * way through it.
 *
 * After Flink's SubtaskCheckpointCoordinatorImpl. What fails before the copy fails the subtask, since the operators may have
 * been left in between; what fails after it declines the checkpoint.
 */
export class SubtaskCheckpoints {
  readonly #parts: SubtaskCheckpointsParts
  #queue: AlignedCheckpoint[] = []
  #current: SnapshotInProgress | undefined
  /** Writes and notifications that are under way. */
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  /** Of the newest snapshot taken. */
  #takenId: number | undefined
  /** Operators know that it is complete, and have done what follows from it. */
  #completedId = 0
  /** Notifications are handled one after the other. */
  #notifications: Promise<void> = Promise.resolve()

  constructor(parts: SubtaskCheckpointsParts) {
    this.#parts = parts
  }

  /** Whether a checkpoint waits to be taken or is being taken: no input is to come meanwhile. */
  get hasPending(): boolean {
    return this.#current !== undefined || this.#queue.length > 0
  }

  /** Whether this one does. */
  isPending(checkpointId: number): boolean {
    const isIt = ({ barrier }: AlignedCheckpoint) => barrier.checkpointId === checkpointId
    return this.#queue.some(isIt) || (this.#current !== undefined && isIt(this.#current.aligned))
  }

  /** The next to be taken, if it is a drain. */
  get drains(): boolean {
    return this.#current === undefined && this.#queue[0]?.barrier.isDrain === true
  }

  get takenId(): number | undefined {
    return this.#takenId
  }

  get completedId(): number {
    return this.#completedId
  }

  /** All records before the barrier have come. */
  add(aligned: AlignedCheckpoint): void {
    this.#queue.push(aligned)
    this.#parts.wake()
  }

  /** The checkpoint cannot be taken here. */
  decline(checkpointId: number, error: ErrorData): void {
    this.#parts.decline(checkpointId, error)
  }

  /** The checkpoint failed elsewhere. */
  abort(checkpointId: number): void {
    this.#queue = this.#queue.filter(({ barrier }) => barrier.checkpointId !== checkpointId)
    const current = this.#current
    // Once the barrier is on its way the snapshot may as well be finished; the coordinator ignores it.
    if (current?.aligned.barrier.checkpointId === checkpointId && current.phase === 'prepare' && !current.waiting) {
      this.#current = undefined
    }
    this.#notify('notifyCheckpointAborted', checkpointId)
    this.#tellSource(() => this.#parts.source?.notifyCheckpointAborted(checkpointId))
  }

  /** The checkpoint is complete everywhere. */
  complete(checkpointId: number): void {
    this.#notify('notifyCheckpointComplete', checkpointId)
    this.#tellSource(() => this.#parts.source?.notifyCheckpointComplete(checkpointId))
    this.#enqueue(async () => {
      this.#completedId = Math.max(this.#completedId, checkpointId)
    })
  }

  /** Resolves when what is under way has ended; undefined if nothing is. Never rejects. */
  settled(): Promise<void> | undefined {
    return this.#underWay.size === 0 ? undefined : Promise.all(this.#underWay).then(() => {})
  }

  /** Throws what went wrong beside the loop. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Goes on with the checkpoint in hand. `waiting`: for something that will wake the subtask. */
  step(): 'done' | 'waiting' {
    if (this.#current === undefined) {
      const aligned = this.#queue.shift()
      if (aligned === undefined) return 'done'
      this.#current = {
        aligned,
        startMs: this.#parts.clock.monotonicMs(),
        phase: 'prepare',
        next: 0,
        waiting: false,
        failure: undefined,
      }
    }
    const current = this.#current
    if (current.waiting) return 'waiting'
    if (current.failure !== undefined) throw current.failure.error
    const { checkpointId } = current.aligned.barrier
    if (current.phase === 'prepare') {
      if (!this.#each(current, (operator) => operator.prepareSnapshot?.(checkpointId))) return 'waiting'
      current.phase = 'barrier'
    }
    if (current.phase === 'barrier') {
      this.#parts.emitBarrier(current.aligned.barrier)
      current.phase = 'operators'
    }
    if (current.phase === 'operators') {
      if (!this.#each(current, (operator) => operator.snapshotState?.(checkpointId))) return 'waiting'
      current.phase = 'copy'
    }
    this.#current = undefined
    this.#takenId = checkpointId
    this.#copyAndWrite(current)
    return 'done'
  }

  /** Calls all operators, head first, as far as none has to be waited for. */
  #each(
    current: SnapshotInProgress,
    call: (operator: NonNullable<Chain['operators'][number]>) => void | Promise<void>,
  ): boolean {
    const { operators, outputs } = this.#parts.chain
    while (current.next < operators.length) {
      const i = current.next++
      const operator = operators[i]
      if (operator === undefined) continue
      const { fail } = outputs[i]!
      let pending: void | Promise<void>
      try {
        pending = call(operator)
      } catch (error) {
        return fail(NO_RECORD, error)
      }
      if (pending === undefined) continue
      current.waiting = true
      this.#track(
        Promise.resolve(pending)
          .catch((error: unknown) => fail(NO_RECORD, error))
          .catch((error: unknown) => {
            current.failure = { error }
          })
          .then(() => {
            current.waiting = false
          }),
      )
      return false
    }
    current.next = 0
    return true
  }

  #copyAndWrite({ aligned, startMs }: SnapshotInProgress): void {
    const { states, source, clock, optionsOf, write, acknowledge, decline } = this.#parts
    const { checkpointId, timestampMs } = aligned.barrier
    source?.snapshotState(checkpointId)
    const operators = states.map(
      ({ keyed, operator }): OperatorStateBytes => ({ keyed: keyed?.snapshot(), lists: operator.snapshot() }),
    )
    const hasEndedInput = this.#parts.hasEndedInput()
    const copiedMs = clock.monotonicMs()
    const writeAll = async () => {
      try {
        const written = await write(operators, await optionsOf(checkpointId))
        const snapshot = { ...written, operators: written.operators.map((each) => ({ ...each, hasEndedInput })) }
        acknowledge(checkpointId, snapshot, {
          startDelayMs: Math.max(0, aligned.firstBarrierMs - timestampMs),
          alignmentMs: aligned.alignmentMs,
          syncMs: copiedMs - startMs,
          asyncMs: clock.monotonicMs() - copiedMs,
          stateBytes: snapshot.stateBytes,
        })
      } catch (error) {
        decline(checkpointId, describeError(error))
      }
    }
    this.#track(writeAll())
  }

  #notify(hook: 'notifyCheckpointComplete' | 'notifyCheckpointAborted', checkpointId: number): void {
    for (const [i, operator] of this.#parts.chain.operators.entries()) {
      if (operator?.[hook] === undefined) continue
      this.#enqueue(async () => {
        try {
          await operator[hook]?.(checkpointId)
        } catch (error) {
          this.#parts.chain.outputs[i]!.fail(NO_RECORD, error)
        }
      })
    }
  }

  #tellSource(tell: () => void | Promise<void>): void {
    if (this.#parts.source !== undefined) this.#enqueue(async () => tell())
  }

  #enqueue(action: () => Promise<void>): void {
    this.#notifications = this.#notifications.then(async () => {
      if (this.#failure !== undefined) return
      try {
        await action()
      } catch (error) {
        this.#failure = { error }
      }
    })
    this.#track(this.#notifications)
  }

  #track(promise: Promise<void>): void {
    this.#underWay.add(promise)
    void promise.then(() => {
      this.#underWay.delete(promise)
      this.#parts.wake()
    })
  }
}
