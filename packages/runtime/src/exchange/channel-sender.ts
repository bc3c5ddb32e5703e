import { assert } from '../base/assert.ts'
import type { SegmentView } from '../record/segment-codec.ts'
import type { ControlElement } from '../record/stream-element.ts'
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
  SegmentViews,
} from './gate-memory.ts'
import { type SegmentContent, writeDescriptor } from './segment-descriptor.ts'

/** The producer's end of one channel's rings. */
export class ChannelSender {
  readonly #layout: GateLayout
  readonly #words: ChannelWords
  readonly #views: SegmentViews
  #filledHead = 0
  #freeTail = 0
  /** What FREE_HEAD was when it was last read: credit can only have grown since. */
  #freeHead = 0
  #backlog = 0

  constructor(memory: GateMemory, channelIndex: number) {
    this.#layout = gateLayout(memory)
    this.#words = channelWords(memory, this.#layout, channelIndex)
    this.#views = new SegmentViews(memory, this.#layout)
  }

  /** Whether a segment may be taken. */
  hasCredit(): boolean {
    return this.#freeHead !== this.#freeTail || this.credit() > 0
  }

  /** Empty segments in the free ring. */
  credit(): number {
    this.#freeHead = Atomics.load(this.#words.int32, FREE_HEAD)
    const credit = (this.#freeHead - this.#freeTail) | 0
    assert(credit >= 0 && credit <= this.#layout.slots, () => `${credit} credits in ${this.#layout.slots} slots`)
    return credit
  }

  /** Spends one credit: the segment is the producer's until it hands it over. */
  take(): number {
    assert(this.hasCredit(), () => 'A segment was taken without credit')
    const at = this.#layout.freeRingWords + (this.#freeTail & (this.#layout.slots - 1))
    const segmentIndex = this.#words.int32[at]!
    this.#freeTail = (this.#freeTail + 1) | 0
    Atomics.store(this.#words.int32, FREE_TAIL, this.#freeTail)
    return segmentIndex
  }

  view(segmentIndex: number): SegmentView {
    return this.#views.at(segmentIndex)
  }

  /** Hands a segment over. The caller does not touch it again, and rings the consumer. */
  publish(
    segmentIndex: number,
    usedBytes: number,
    content: SegmentContent,
    element: ControlElement | undefined,
    recordBytes: number,
  ): void {
    const inFlight = (this.#filledHead - Atomics.load(this.#words.int32, FILLED_TAIL)) | 0
    const { slots, filledRingWords } = this.#layout
    assert(inFlight >= 0 && inFlight < slots, () => `${inFlight} segments in flight before one more, in ${slots} slots`)
    const at = filledRingWords + (this.#filledHead & (slots - 1)) * DESCRIPTOR_WORDS
    writeDescriptor(this.#words, at, segmentIndex, usedBytes, content, element, recordBytes)
    this.#filledHead = (this.#filledHead + 1) | 0
    // The store releases the descriptor and the segment's bytes to the consumer.
    Atomics.store(this.#words.int32, FILLED_HEAD, this.#filledHead)
  }

  /**
   * Tells the gate how many segments this channel lacks. While it is not 0, each returned credit rings the producer. So
   * whoever goes to wait announces that first, and only then looks at its credit for the last time.
   */
  announceBacklog(segments: number): void {
    if (segments === this.#backlog) return
    this.#backlog = segments
    Atomics.store(this.#words.int32, BACKLOG, segments)
  }
}
