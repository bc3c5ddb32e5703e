import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { OutputAvailability, SegmentEncoder } from '../record/segment-codec.ts'
import type { ControlElement } from '../record/stream-element.ts'
import { ChannelSender } from './channel-sender.ts'
import type { Doorbell } from './doorbell.ts'
import { compileEmit, type RecordPartitioning } from './emit-compiler.ts'
import type { GateMemory } from './gate-memory.ts'
import { OutputChannel, type OutputChannelContext } from './output-channel.ts'
import type { OverflowBudget } from './overflow-budget.ts'

/** Where one channel of a writer leads. */
export interface WriterChannel {
  /** The memory of the consumer's gate. */
  readonly memory: GateMemory
  /** The channel's position in that gate. */
  readonly channelIndex: number
  readonly consumerDoorbell: Doorbell
}

export interface RecordWriterOptions<T> {
  /** In the order in which `wireChannels` counts them; for HASH that is by consumer subtask. */
  readonly channels: readonly WriterChannel[]
  readonly partitioning: RecordPartitioning<T>
  readonly codec: { encoder(): SegmentEncoder<T> }
  /** -1: only full segments are sent; 0: after every record; else milliseconds. */
  readonly bufferTimeoutMs: number
  readonly clock: Clock
  readonly random: Random
  /** Shared by all writers of the subtask. */
  readonly availability: OutputAvailability
  /** Shared by all writers of the subtask. */
  readonly overflow: OverflowBudget
  /** Names the edge and the subtask, for messages, e.g. `the edge "Parse" -> "Count" of subtask 3`. */
  readonly describe: () => string
}

/**
 * All channels of one job edge that leave one subtask.
 *
 * A record is always taken; where its channel has no credit, it overflows, and `availability.stop` is raised. The
 * caller then stops taking input after the element in hand, calls `drain` on each visit, and lowers `stop` when all
 * writers of the subtask answer true. It also calls `flushDue` on each visit, whether the subtask takes input or not.
 */
export class RecordWriter<T> {
  /** Takes one record. A function by itself, compiled for the ship strategy. */
  readonly emit: (record: T) => void
  readonly #channels: readonly OutputChannel<T>[]

  constructor(options: RecordWriterOptions<T>) {
    const { channels, partitioning, codec, bufferTimeoutMs, clock, random, availability, overflow, describe } = options
    assert(channels.length > 0, () => `${describe()} has no channel`)
    assert(
      channels.length === 1 || partitioning.ship !== 'FORWARD',
      () => `${describe()} is FORWARD with ${channels.length} channels`,
    )
    const openFlags = new Uint8Array(channels.length)
    const { segmentBytes } = channels[0]!.memory
    const context: OutputChannelContext = {
      segmentBytes,
      bufferTimeoutMs,
      clock,
      availability,
      overflow,
      openFlags,
      describe,
    }
    this.#channels = channels.map(({ memory, channelIndex, consumerDoorbell }, position) => {
      assert(memory.segmentBytes === segmentBytes, () => `The gates of ${describe()} differ in segment size`)
      const sender = new ChannelSender(memory, channelIndex)
      return new OutputChannel<T>(context, position, sender, codec.encoder(), consumerDoorbell)
    })
    this.emit = compileEmit(partitioning, {
      encoders: this.#channels.map((channel) => channel.encoder),
      openFlags,
      channels: this.#channels,
      flushEach: bufferTimeoutMs === 0,
      random,
      describe,
    })
  }

  /** Records taken; with BROADCAST, once for each channel. */
  get recordsOut(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.recordsOut, 0)
  }

  /** Bytes of completed segments. */
  get bytesOut(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.bytesOut, 0)
  }

  /** Completed segments that wait for credit. */
  get overflowSegments(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.waitingSegments, 0)
  }

  /** Sends `element` into every channel, behind all records so far and with them. Nothing follows an end of input. */
  emitElement(element: ControlElement): void {
    for (const channel of this.#channels) channel.sendElement(element)
  }

  /** Sends partly filled segments; where there is no credit, as soon as there is. */
  flush(): void {
    for (const channel of this.#channels) channel.flush()
  }

  /** Sends partly filled segments whose time-out has passed. Answers when the next is due, on the monotonic clock. */
  flushDue(nowMs: number): number {
    let nextDueMs = Number.POSITIVE_INFINITY
    for (const channel of this.#channels) {
      const dueMs = channel.flushDue(nowMs)
      if (dueMs < nextDueMs) nextDueMs = dueMs
    }
    return nextDueMs
  }

  /**
   * Moves what overflowed into segments that came back. Answers true if the subtask may take input as far as this
   * writer goes: nothing overflows, and each channel has credit or an open segment. After the end of input: nothing
   * overflows. While it answers false, a returned credit rings this worker's doorbell.
   */
  drain(): boolean {
    let available = true
    for (const channel of this.#channels) if (!channel.drain()) available = false
    return available
  }

  /** Releases what is held privately. What was not sent by then is lost: after a proper end that is nothing. */
  close(): void {
    for (const channel of this.#channels) channel.close()
  }
}
