import { assert } from '../base/assert.ts'
import type { OutputAvailability, SegmentDecoder } from '../record/segment-codec.ts'
import type { ControlElement } from '../record/stream-element.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { SegmentViews } from './gate-memory.ts'
import { FRAGMENT, LAST_FRAGMENT, RECORDS, SegmentDescriptor } from './segment-descriptor.ts'
import type { SegmentLender } from './segment-lender.ts'

/** The consumer's side of one channel. Reading can stop at any record and go on later. */
export class InputChannel<T> {
  readonly #position: number
  readonly #receiver: ChannelReceiver
  readonly #decoder: SegmentDecoder<T>
  readonly #views: SegmentViews
  readonly #lender: SegmentLender
  readonly #descriptor: SegmentDescriptor = new SegmentDescriptor()
  /** A segment of records is open in the decoder. */
  #reading = false
  /** A large record of which some fragments have come. */
  #large: Uint8Array | undefined
  #largeUsed = 0
  #element: ControlElement | undefined
  bytesIn = 0

  constructor(
    position: number,
    receiver: ChannelReceiver,
    decoder: SegmentDecoder<T>,
    views: SegmentViews,
    lender: SegmentLender,
  ) {
    this.#position = position
    this.#receiver = receiver
    this.#decoder = decoder
    this.#views = views
    this.#lender = lender
  }

  /** Segments that wait or are being read. */
  get filledSegments(): number {
    return this.#receiver.filled()
  }

  hasInput(): boolean {
    return this.#receiver.hasFilled()
  }

  /** Whether a segment has been begun and not finished. */
  get reading(): boolean {
    return this.#reading
  }

  /** The element behind the segment that was finished last, once. */
  takeElement(): ControlElement | undefined {
    const element = this.#element
    this.#element = undefined
    return element
  }

  /** Reads from at most one segment, of which there must be one. Answers how many records it handed over. */
  read(onRecord: (record: T) => void, availability: OutputAvailability, recordsMax: number): number {
    assert(this.#element === undefined, () => `Channel ${this.#position} was read past a control element`)
    const descriptor = this.#descriptor
    if (!this.#reading) {
      this.#receiver.peek(descriptor)
      this.#lender.check(this.#position, descriptor.segmentIndex)
      this.bytesIn += descriptor.usedBytes
      if (descriptor.content !== RECORDS) return this.#readFragment(onRecord)
      if (descriptor.usedBytes === 0) {
        this.#finish()
        return 0
      }
      this.#decoder.open(this.#views.at(descriptor.segmentIndex), descriptor.usedBytes)
      this.#reading = true
    }
    const count = this.#decoder.read(onRecord, availability, recordsMax)
    if (this.#decoder.exhausted) {
      this.#reading = false
      this.#finish()
    }
    return count
  }

  #readFragment(onRecord: (record: T) => void): number {
    const { segmentIndex, usedBytes, content, recordBytes } = this.#descriptor
    this.#large ??= new Uint8Array(recordBytes)
    this.#large.set(this.#views.at(segmentIndex).bytes.subarray(0, usedBytes), this.#largeUsed)
    this.#largeUsed += usedBytes
    this.#finish()
    if (content === FRAGMENT) return 0
    assert(content === LAST_FRAGMENT && this.#largeUsed === recordBytes, () => {
      return `A record of ${recordBytes} bytes came in fragments of ${this.#largeUsed}`
    })
    const bytes = this.#large
    this.#large = undefined
    this.#largeUsed = 0
    onRecord(this.#decoder.decodeLarge(bytes))
    return 1
  }

  /** Everything was taken out of the segment: it goes back. */
  #finish(): void {
    const { segmentIndex, element } = this.#descriptor
    this.#element = element
    this.#receiver.remove()
    this.#lender.emptied(this.#position, segmentIndex)
  }
}
