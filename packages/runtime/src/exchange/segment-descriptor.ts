import { unreachable } from '../base/assert.ts'
import { type ControlElement, END_OF_INPUT, SUSPENDED } from '../record/stream-element.ts'
import type { ChannelWords } from './gate-memory.ts'

/** What the bytes of a handed-over segment are. */
export type SegmentContent = typeof RECORDS | typeof FRAGMENT | typeof LAST_FRAGMENT

/** Records of a `SegmentEncoder`; none if the segment only carries an element. */
export const RECORDS = 0
/** A part of one record larger than a segment; more parts follow. */
export const FRAGMENT = 1
export const LAST_FRAGMENT = 2

/*
 * A descriptor says which segment the producer hands over and what is in it. It also carries the control element behind
 * the segment's records, if there is one: that makes an element the last of its segment by construction.
 *
 * int32 [0] segment index  [1] used bytes  [2] content  [3] element kind
 * float64 [2], [3]: the element's two numbers, or for a fragment the bytes of the whole record and 0.
 */
const SEGMENT_INDEX = 0
const USED_BYTES = 1
const CONTENT = 2
const ELEMENT_KIND = 3
const FIRST_NUMBER = 2
const SECOND_NUMBER = 3

const NO_ELEMENT = 0
const WATERMARK = 1
const BARRIER = 2
const END = 3
const DRAIN_BARRIER = 4
const SUSPENDED_END = 5

export function writeDescriptor(
  words: ChannelWords,
  at: number,
  segmentIndex: number,
  usedBytes: number,
  content: SegmentContent,
  element: ControlElement | undefined,
  recordBytes: number,
): void {
  const { int32, float64 } = words
  int32[at + SEGMENT_INDEX] = segmentIndex
  int32[at + USED_BYTES] = usedBytes
  int32[at + CONTENT] = content
  const numbers = at / 2
  if (element === undefined) {
    int32[at + ELEMENT_KIND] = NO_ELEMENT
    float64[numbers + FIRST_NUMBER] = recordBytes
    return
  }
  switch (element.kind) {
    case 'watermark':
      int32[at + ELEMENT_KIND] = WATERMARK
      float64[numbers + FIRST_NUMBER] = element.timestampMs
      return
    case 'barrier':
      int32[at + ELEMENT_KIND] = element.isDrain ? DRAIN_BARRIER : BARRIER
      float64[numbers + FIRST_NUMBER] = element.checkpointId
      float64[numbers + SECOND_NUMBER] = element.timestampMs
      return
    case 'end':
      int32[at + ELEMENT_KIND] = element.isSuspended ? SUSPENDED_END : END
      return
    default:
      unreachable(element)
  }
}

/** A descriptor as the consumer reads it: one object a channel, filled anew for each segment. */
export class SegmentDescriptor {
  segmentIndex: number = -1
  usedBytes = 0
  content: SegmentContent = RECORDS
  element: ControlElement | undefined = undefined
  /** Of a fragment: the bytes of the whole record. */
  recordBytes = 0

  read(words: ChannelWords, at: number): void {
    const { int32, float64 } = words
    this.segmentIndex = int32[at + SEGMENT_INDEX]!
    this.usedBytes = int32[at + USED_BYTES]!
    this.content = int32[at + CONTENT]! as SegmentContent
    const first = float64[at / 2 + FIRST_NUMBER]!
    this.recordBytes = this.content === RECORDS ? 0 : first
    const kind = int32[at + ELEMENT_KIND]
    switch (kind) {
      case WATERMARK:
        this.element = { kind: 'watermark', timestampMs: first }
        return
      case BARRIER:
      case DRAIN_BARRIER:
        this.element = {
          kind: 'barrier',
          checkpointId: first,
          timestampMs: float64[at / 2 + SECOND_NUMBER]!,
          isDrain: kind === DRAIN_BARRIER,
        }
        return
      case END:
        this.element = END_OF_INPUT
        return
      case SUSPENDED_END:
        this.element = SUSPENDED
        return
      default:
        this.element = undefined
    }
  }
}
