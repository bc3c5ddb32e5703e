import { assert } from '../base/assert.ts'
import type { OutputAvailability, SegmentDecoder } from '../record/segment-codec.ts'
import type { ControlElement } from '../record/stream-element.ts'
import { ChannelReceiver } from './channel-receiver.ts'
import type { Doorbell } from './doorbell.ts'
import { type GateMemory, gateLayout, SegmentViews } from './gate-memory.ts'
import { InputChannel } from './input-channel.ts'
import { SegmentLender } from './segment-lender.ts'

export interface InputGateOptions<T> {
  readonly memory: GateMemory
  readonly codec: { decoder(): SegmentDecoder<T> }
  /** By channel: the doorbell of the worker that writes into it. */
  readonly producerDoorbells: readonly Doorbell[]
}

/** A control element and where it came from. */
export interface ArrivedElement {
  readonly channelIndex: number
  readonly element: ControlElement
}

const OPEN = 0
const BLOCKED = 1
const ENDED = 2

/** One consumer subtask's end of one job edge. Takes segments from its channels in turn. */
export class InputGate<T> {
  readonly #channels: readonly InputChannel<T>[]
  readonly #states: Uint8Array
  readonly #lender: SegmentLender
  #turn = 0
  #arrived: ArrivedElement | undefined
  #endedCount = 0
  #recordsIn = 0

  constructor(options: InputGateOptions<T>) {
    const { memory, codec, producerDoorbells } = options
    const { channelCount } = memory
    assert(
      producerDoorbells.length === channelCount,
      () => `${producerDoorbells.length} doorbells for ${channelCount} channels`,
    )
    const views = new SegmentViews(memory, gateLayout(memory))
    const receivers = Array.from({ length: channelCount }, (_, channel) => new ChannelReceiver(memory, channel))
    this.#lender = new SegmentLender(memory, receivers, producerDoorbells)
    this.#channels = receivers.map(
      (receiver, channel) => new InputChannel<T>(channel, receiver, codec.decoder(), views, this.#lender),
    )
    this.#states = new Uint8Array(channelCount)
  }

  get channelCount(): number {
    return this.#channels.length
  }

  get recordsIn(): number {
    return this.#recordsIn
  }

  /** Bytes of segments begun. */
  get bytesIn(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.bytesIn, 0)
  }

  /** Segments that wait in the channels or are being read. */
  get buffersInUse(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.filledSegments, 0)
  }

  /** Whether the end of every channel was taken. */
  get isFinished(): boolean {
    return this.#endedCount === this.#channels.length
  }

  /** Whether `poll` or `takeElement` would make progress. */
  hasInput(): boolean {
    if (this.#arrived !== undefined) return true
    for (let channel = 0; channel < this.#channels.length; channel++) {
      if (this.#states[channel] === OPEN && this.#channels[channel]!.hasInput()) return true
    }
    return false
  }

  /**
   * Hands over records, a segment from each channel in turn, until there were `recordsMax`, nothing is left, `stop` is
   * raised, or a control element was reached: then `takeElement` comes first. Answers how many. Goes on later where it
   * stopped, in the middle of a segment too.
   */
  poll(onRecord: (record: T) => void, availability: OutputAvailability, recordsMax: number): number {
    const channels = this.#channels
    let count = 0
    for (let idle = 0; idle < channels.length && count < recordsMax && this.#arrived === undefined; ) {
      if (availability.stop) break
      const channel = channels[this.#turn]!
      if (this.#states[this.#turn] !== OPEN || !channel.hasInput()) {
        idle++
        this.#nextTurn()
        continue
      }
      idle = 0
      count += channel.read(onRecord, availability, recordsMax - count)
      if (channel.reading) continue
      const element = channel.takeElement()
      if (element !== undefined) this.#arrived = { channelIndex: this.#turn, element }
      this.#nextTurn()
    }
    this.#recordsIn += count
    return count
  }

  /** The control element that `poll` reached, once. No record behind it was handed over. */
  takeElement(): ArrivedElement | undefined {
    const arrived = this.#arrived
    if (arrived === undefined) return undefined
    this.#arrived = undefined
    if (arrived.element.kind === 'end') {
      this.#states[arrived.channelIndex] = ENDED
      this.#endedCount++
    }
    return arrived
  }

  /** Nothing is taken from the channel until `unblock`. Its producer runs out of credit meanwhile. */
  block(channelIndex: number): void {
    if (this.#states[channelIndex] === OPEN) this.#states[channelIndex] = BLOCKED
  }

  unblock(channelIndex: number): void {
    if (this.#states[channelIndex] === BLOCKED) this.#states[channelIndex] = OPEN
  }

  /** Segments that belong to the channel now: its exclusive ones and those lent to it. */
  ownedSegments(channelIndex: number): number {
    return this.#lender.ownedSegments(channelIndex)
  }

  /** Floating segments that are not lent. */
  get pooledSegments(): number {
    return this.#lender.pooledSegments
  }

  #nextTurn(): void {
    this.#turn = this.#turn + 1 === this.#channels.length ? 0 : this.#turn + 1
  }
}
