import { assert } from '../base/assert.ts'
import type { SegmentView } from '../record/segment-codec.ts'

/** How much memory one gate has. A gate is one consumer subtask's end of one job edge; a channel, one producer's. */
export interface GateMemorySpec {
  readonly channelCount: number
  /** Segments that belong to each channel; at least 1. */
  readonly exclusiveSegments: number
  /** Segments that the gate lends to channels that are short of credit. */
  readonly floatingSegments: number
  /** A multiple of 8. */
  readonly segmentBytes: number
}

/** A gate's segments and rings in shared memory. Plain data: may be posted to every thread that takes part. */
export interface GateMemory extends GateMemorySpec {
  readonly buffer: SharedArrayBuffer
}

/*
 * The memory: for each channel its control words, its filled ring and its free ring; then all segments.
 *
 * The filled ring carries descriptors of segments from the producer to the consumer, the free ring carries indices of
 * empty segments (credits) back. Each ring has a slot for every segment that the channel can ever own, so neither can
 * run over. Counters count up and wrap at 2^32. Every word has one writer; what the producer writes and what the
 * consumer writes lie on different cache lines.
 */

/** Written by the producer: descriptors put into the filled ring so far. */
export const FILLED_HEAD = 0
/** Written by the producer: indices taken out of the free ring so far. */
export const FREE_TAIL = 1
/** Written by the producer: how many segments it lacks; not 0 while it waits for credit. */
export const BACKLOG = 2
/** Written by the consumer: descriptors taken out of the filled ring so far. */
export const FILLED_TAIL = 32
/** Written by the consumer: indices put into the free ring so far. */
export const FREE_HEAD = 33

const CONTROL_WORDS = 64
const LINE_WORDS = 32
const WORD_BYTES = 4

/** Words of one descriptor in the filled ring; `segment-descriptor.ts` says what they mean. */
export const DESCRIPTOR_WORDS = 8

/** Where things lie in a gate's memory; offsets in int32 words unless named otherwise. */
export interface GateLayout {
  /** Slots of each ring: a power of two. */
  readonly slots: number
  readonly channelWords: number
  readonly filledRingWords: number
  readonly freeRingWords: number
  readonly segmentCount: number
  readonly segmentsOffsetBytes: number
  readonly totalBytes: number
}

export function gateLayout(spec: GateMemorySpec): GateLayout {
  const { channelCount, exclusiveSegments, floatingSegments, segmentBytes } = spec
  assert(channelCount >= 1, () => `A gate has channels, not ${channelCount}`)
  assert(exclusiveSegments >= 1, () => `A channel owns a segment, not ${exclusiveSegments}: it could never start`)
  assert(floatingSegments >= 0, () => `${floatingSegments} floating segments`)
  assert(segmentBytes >= 8 && segmentBytes % 8 === 0, () => `${segmentBytes} bytes a segment are no multiple of 8`)
  const slots = 2 ** Math.ceil(Math.log2(exclusiveSegments + floatingSegments))
  const filledRingWords = roundUp(slots * DESCRIPTOR_WORDS, LINE_WORDS)
  const freeRingWords = roundUp(slots, LINE_WORDS)
  const channelWords = CONTROL_WORDS + filledRingWords + freeRingWords
  const segmentCount = channelCount * exclusiveSegments + floatingSegments
  const segmentsOffsetBytes = channelCount * channelWords * WORD_BYTES
  return {
    slots,
    channelWords,
    filledRingWords: CONTROL_WORDS,
    freeRingWords: CONTROL_WORDS + filledRingWords,
    segmentCount,
    segmentsOffsetBytes,
    totalBytes: segmentsOffsetBytes + segmentCount * segmentBytes,
  }
}

/** What `allocateGateMemory` would allocate: the segments, and under 1 KiB of rings a channel at default settings. */
export function gateMemoryBytes(spec: GateMemorySpec): number {
  return gateLayout(spec).totalBytes
}

/** A gate at the start: each channel has its exclusive segments as credits, the gate has the floating ones. */
export function allocateGateMemory(spec: GateMemorySpec): GateMemory {
  const layout = gateLayout(spec)
  const { channelCount, exclusiveSegments, floatingSegments, segmentBytes } = spec
  const buffer = new SharedArrayBuffer(layout.totalBytes)
  for (let channel = 0; channel < channelCount; channel++) {
    const words = new Int32Array(buffer, channel * layout.channelWords * WORD_BYTES, layout.channelWords)
    for (let i = 0; i < exclusiveSegments; i++) words[layout.freeRingWords + i] = channel * exclusiveSegments + i
    Atomics.store(words, FREE_HEAD, exclusiveSegments)
  }
  return { buffer, channelCount, exclusiveSegments, floatingSegments, segmentBytes }
}

/** The rings of one channel, seen by either end. */
export interface ChannelWords {
  readonly int32: Int32Array
  /** The same words, two by two. */
  readonly float64: Float64Array
}

export function channelWords(memory: GateMemory, layout: GateLayout, channelIndex: number): ChannelWords {
  assert(channelIndex >= 0 && channelIndex < memory.channelCount, () => `No channel ${channelIndex} in this gate`)
  const offset = channelIndex * layout.channelWords * WORD_BYTES
  return {
    int32: new Int32Array(memory.buffer, offset, layout.channelWords),
    float64: new Float64Array(memory.buffer, offset, layout.channelWords / 2),
  }
}

/** The segments of a gate as views, each made when it is first asked for. */
export class SegmentViews {
  readonly #memory: GateMemory
  readonly #layout: GateLayout
  readonly #views: (SegmentView | undefined)[]

  constructor(memory: GateMemory, layout: GateLayout) {
    this.#memory = memory
    this.#layout = layout
    this.#views = new Array(layout.segmentCount).fill(undefined)
  }

  at(segmentIndex: number): SegmentView {
    const known = this.#views[segmentIndex]
    if (known !== undefined) return known
    assert(segmentIndex >= 0 && segmentIndex < this.#layout.segmentCount, () => `No segment ${segmentIndex} here`)
    const { buffer, segmentBytes } = this.#memory
    const made = segmentView(buffer, this.#layout.segmentsOffsetBytes + segmentIndex * segmentBytes, segmentBytes)
    this.#views[segmentIndex] = made
    return made
  }
}

export function segmentView(buffer: ArrayBufferLike, byteOffset: number, segmentBytes: number): SegmentView {
  return {
    bytes: new Uint8Array(buffer, byteOffset, segmentBytes),
    int32: new Int32Array(buffer, byteOffset, segmentBytes / 4),
    float64: new Float64Array(buffer, byteOffset, segmentBytes / 8),
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
