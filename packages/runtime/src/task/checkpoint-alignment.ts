import type { Clock } from '../base/clock.ts'
import type { CheckpointBarrier } from '../record/stream-element.ts'

/** One input of a subtask, as the alignment sees it. */
export interface AlignedInput {
  readonly channelCount: number
  /** Nothing is taken from the channel until `unblock`. */
  block(channelIndex: number): void
  unblock(channelIndex: number): void
}

/** A checkpoint whose barrier has come through every channel. */
export interface AlignedCheckpoint {
  readonly barrier: CheckpointBarrier
  /** When its first barrier came, since the epoch. */
  readonly firstBarrierMs: number
  /** From the first barrier to the last. */
  readonly alignmentMs: number
}

interface PendingAlignment {
  readonly barrier: CheckpointBarrier
  readonly firstBarrierMs: number
  readonly startMs: number
  /** By channel of all inputs, in order: 1 if the barrier has come, or the channel has ended. */
  readonly arrived: Uint8Array
  missing: number
}

/** Far more than checkpoints can be under way at a time. */
const ABORTED_MAX = 1_000
const PENDING_MAX = 100

/**
 * Finds out when a checkpoint's barrier has come through all channels of a subtask (Chandy and Lamport, 1985; Carbone et
 * al., Lightweight Asynchronous Snapshots, 2015; Flink's SingleCheckpointBarrierHandler and CheckpointBarrierTracker).
 *
 * Exactly-once: a channel whose barrier has come is blocked until the others have followed, so that the snapshot holds the
 * effect of all records before the barriers and of none behind them. At-least-once: barriers are only counted.
 */
export class CheckpointAlignment {
  readonly #inputs: readonly AlignedInput[]
  readonly #clock: Clock
  readonly #blocks: boolean
  /** Of each input: the position of its first channel among all. */
  readonly #offsets: readonly number[]
  readonly #ended: Uint8Array
  #endedCount = 0
  /** In order of ids. Exactly-once has one at most. */
  #pending: PendingAlignment[] = []
  /** Checkpoints up to this one are done with. */
  #lastId = 0
  readonly #abortedIds = new Set<number>()

  constructor(inputs: readonly AlignedInput[], mode: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE', clock: Clock) {
    this.#inputs = inputs
    this.#clock = clock
    this.#blocks = mode === 'EXACTLY_ONCE'
    let channels = 0
    this.#offsets = inputs.map(({ channelCount }) => {
      const offset = channels
      channels += channelCount
      return offset
    })
    this.#ended = new Uint8Array(channels)
  }

  /** Whether the last channel has ended. */
  get allEnded(): boolean {
    return this.#endedCount === this.#ended.length
  }

  /** A barrier has come. Answers the checkpoint if that was the last one missing. */
  onBarrier(inputIndex: number, channelIndex: number, barrier: CheckpointBarrier): AlignedCheckpoint | undefined {
    const { checkpointId } = barrier
    if (checkpointId <= this.#lastId || this.#abortedIds.has(checkpointId)) return undefined
    const latest = this.#pending.at(-1)
    if (this.#blocks && latest !== undefined && latest.barrier.checkpointId !== checkpointId) {
      // Stale; or the one before was given up, and its abort is still on its way.
      if (checkpointId < latest.barrier.checkpointId) return undefined
      this.#drop(latest)
    }
    const pending = this.#pending.find((each) => each.barrier.checkpointId === checkpointId) ?? this.#begin(barrier)
    const channel = this.#offsets[inputIndex]! + channelIndex
    if (this.#blocks) this.#inputs[inputIndex]!.block(channelIndex)
    return this.#arrive(pending, channel)
  }

  /** A channel has ended: from now on it counts as arrived. Answers the checkpoint if no other channel is missing. */
  onEnd(inputIndex: number, channelIndex: number): AlignedCheckpoint | undefined {
    const channel = this.#offsets[inputIndex]! + channelIndex
    this.#ended[channel] = 1
    this.#endedCount++
    let aligned: AlignedCheckpoint | undefined
    for (const pending of [...this.#pending]) {
      if (pending.arrived[channel] === 0) aligned = this.#arrive(pending, channel) ?? aligned
    }
    return aligned
  }

  /** The checkpoint has failed elsewhere: its channels flow again, and barriers of it that are still to come are ignored. */
  abort(checkpointId: number): void {
    if (checkpointId <= this.#lastId) return
    const pending = this.#pending.find((each) => each.barrier.checkpointId === checkpointId)
    if (pending !== undefined) this.#drop(pending)
    this.#abortedIds.add(checkpointId)
    if (this.#abortedIds.size > ABORTED_MAX) this.#abortedIds.delete(Math.min(...this.#abortedIds))
  }

  #begin(barrier: CheckpointBarrier): PendingAlignment {
    const pending: PendingAlignment = {
      barrier,
      firstBarrierMs: this.#clock.now(),
      startMs: this.#clock.monotonicMs(),
      arrived: this.#ended.slice(),
      missing: this.#ended.length - this.#endedCount,
    }
    if (this.#pending.length === PENDING_MAX) this.#pending.shift()
    this.#pending.push(pending)
    return pending
  }

  #arrive(pending: PendingAlignment, channel: number): AlignedCheckpoint | undefined {
    if (pending.arrived[channel] === 1) return undefined
    pending.arrived[channel] = 1
    if (--pending.missing > 0) return undefined
    const { barrier, firstBarrierMs, startMs } = pending
    this.#drop(pending)
    // Those before it can only be left over from checkpoints that were given up.
    this.#pending = this.#pending.filter((each) => each.barrier.checkpointId > barrier.checkpointId)
    this.#lastId = barrier.checkpointId
    for (const id of this.#abortedIds) if (id <= this.#lastId) this.#abortedIds.delete(id)
    return { barrier, firstBarrierMs, alignmentMs: this.#clock.monotonicMs() - startMs }
  }

  #drop(pending: PendingAlignment): void {
    this.#pending = this.#pending.filter((each) => each !== pending)
    if (!this.#blocks) return
    for (const [i, input] of this.#inputs.entries()) {
      for (let channel = 0; channel < input.channelCount; channel++) {
        if (pending.arrived[this.#offsets[i]! + channel] === 1) input.unblock(channel)
      }
    }
  }
}
