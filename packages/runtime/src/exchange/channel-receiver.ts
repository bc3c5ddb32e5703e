import { assert } from '../base/assert.ts'
import {
  BACKLOG,
  type ChannelWords,
  channelWords,
  DESCRIPTOR_WORDS,
  FILLED_HEAD,
  FILLED_TAIL,
  FREE_HEAD,
  FREE_TAIL,
  type GateLayout,
  type GateMemory,
  gateLayout,
} from './gate-memory.ts'
import type { SegmentDescriptor } from './segment-descriptor.ts'

/** The consumer's end of one channel's rings. */
export class ChannelReceiver {
  readonly #layout: GateLayout
  readonly #words: ChannelWords
  #filledTail = 0
  /** What FILLED_HEAD was when it was last read: there can only be more since. */
  #filledHead = 0
  #freeHead: number

  constructor(memory: GateMemory, channelIndex: number) {
    this.#layout = gateLayout(memory)
    this.#words = channelWords(memory, this.#layout, channelIndex)
    this.#freeHead = Atomics.load(this.#words.int32, FREE_HEAD)
  }

  /** Whether a segment waits, or is being read. */
  hasFilled(): boolean {
    return this.#filledHead !== this.#filledTail || this.filled() > 0
  }

  /** Segments handed over and not yet returned, the one being read included. */
  filled(): number {
    this.#filledHead = Atomics.load(this.#words.int32, FILLED_HEAD)
    const filled = (this.#filledHead - this.#filledTail) | 0
    assert(filled >= 0 && filled <= this.#layout.slots, () => `${filled} segments in ${this.#layout.slots} slots`)
    return filled
  }

  /** Reads the oldest descriptor. It stays in the ring until `remove`. */
  peek(into: SegmentDescriptor): void {
    assert(this.hasFilled(), () => 'A descriptor was read from an empty ring')
    const { slots, filledRingWords } = this.#layout
    into.read(this.#words, filledRingWords + (this.#filledTail & (slots - 1)) * DESCRIPTOR_WORDS)
  }

  /** Takes the oldest descriptor out of the ring, which must happen before its segment is given to anyone. */
  remove(): void {
    this.#filledTail = (this.#filledTail + 1) | 0
    Atomics.store(this.#words.int32, FILLED_TAIL, this.#filledTail)
  }

  /** Credits that the producer has not taken yet. */
  credit(): number {
    const credit = (this.#freeHead - Atomics.load(this.#words.int32, FREE_TAIL)) | 0
    assert(credit >= 0 && credit <= this.#layout.slots, () => `${credit} credits in ${this.#layout.slots} slots`)
    return credit
  }

  /** Gives the channel a credit. The caller rings the producer afterwards if it has a backlog. */
  give(segmentIndex: number): void {
    const { slots, freeRingWords } = this.#layout
    this.#words.int32[freeRingWords + (this.#freeHead & (slots - 1))] = segmentIndex
    this.#freeHead = (this.#freeHead + 1) | 0
    Atomics.store(this.#words.int32, FREE_HEAD, this.#freeHead)
  }

  /** Segments that the producer says it lacks. */
  backlog(): number {
    return Atomics.load(this.#words.int32, BACKLOG)
  }
}
