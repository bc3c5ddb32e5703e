import { assert } from '../base/assert.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { Doorbell } from './doorbell.ts'
import type { GateMemory } from './gate-memory.ts'

/**
 * Returns emptied segments as credits, and lends a gate's floating segments to channels that are short of credit.
 *
 * A channel owns its exclusive segments and those lent to it. Which segment is which does not matter, only how many: the
 * segment that a channel with a loan empties goes back to the pool, and from there to the next channel in turn that
 * lacks one. So a loan moves on after one use, and no channel keeps all of them from the others.
 */
export class SegmentLender {
  readonly #exclusiveSegments: number
  readonly #receivers: readonly ChannelReceiver[]
  readonly #producerDoorbells: readonly Doorbell[]
  /** Floating segments at home. */
  readonly #pool: number[]
  /** By channel: segments lent to it. */
  readonly #lent: Int32Array
  /** By segment: the channel that owns it, or -1 for the pool. */
  readonly #owner: Int32Array
  #turn = 0

  constructor(memory: GateMemory, receivers: readonly ChannelReceiver[], producerDoorbells: readonly Doorbell[]) {
    const { channelCount, exclusiveSegments, floatingSegments } = memory
    const exclusive = channelCount * exclusiveSegments
    this.#exclusiveSegments = exclusiveSegments
    this.#receivers = receivers
    this.#producerDoorbells = producerDoorbells
    this.#pool = Array.from({ length: floatingSegments }, (_, i) => exclusive + i)
    this.#lent = new Int32Array(channelCount)
    this.#owner = new Int32Array(exclusive + floatingSegments).map((_, segment) =>
      segment < exclusive ? Math.floor(segment / exclusiveSegments) : -1,
    )
  }

  get pooledSegments(): number {
    return this.#pool.length
  }

  /** Segments that the channel owns, wherever they are. */
  ownedSegments(channelIndex: number): number {
    return this.#exclusiveSegments + this.#lent[channelIndex]!
  }

  /** Asserts that the producer of the channel may have handed this segment over. */
  check(channelIndex: number, segmentIndex: number): void {
    const owner = this.#owner[segmentIndex]
    assert(owner === channelIndex, () => `Channel ${channelIndex} handed over segment ${segmentIndex} of ${owner}`)
  }

  /** The channel's segment was read to its end, and is out of the filled ring. */
  emptied(channelIndex: number, segmentIndex: number): void {
    if (this.#lent[channelIndex]! > 0) {
      this.#lent[channelIndex]!--
      this.#owner[segmentIndex] = -1
      this.#pool.push(segmentIndex)
    } else {
      this.#give(channelIndex, segmentIndex)
    }
    if (this.#pool.length > 0) this.#lend()
  }

  #lend(): void {
    const channelCount = this.#receivers.length
    for (let idle = 0; idle < channelCount && this.#pool.length > 0; ) {
      const channel = this.#turn
      this.#turn = channel + 1 === channelCount ? 0 : channel + 1
      if (this.#lacks(channel)) {
        this.#lent[channel]!++
        this.#give(channel, this.#pool.pop()!)
        idle = 0
      } else idle++
    }
  }

  /**
   * As Flink: a channel gets credit for its backlog and, on top, as much as it owns anyway. Also without a backlog: whoever
   * had to wait for credit before it gets a loan would sleep once for each (bench: W2 at parallelism 2, 7 %).
   */
  #lacks(channelIndex: number): boolean {
    const receiver = this.#receivers[channelIndex]!
    return receiver.credit() < receiver.backlog() + this.#exclusiveSegments
  }

  #give(channelIndex: number, segmentIndex: number): void {
    const receiver = this.#receivers[channelIndex]!
    this.#owner[segmentIndex] = channelIndex
    receiver.give(segmentIndex)
    // A producer that waits announced its backlog before it looked at its credit for the last time. So either it saw
    // this credit, or we see the backlog.
    if (receiver.backlog() > 0) this.#producerDoorbells[channelIndex]!.ring()
  }
}
