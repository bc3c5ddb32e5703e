import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { OutputAvailability, SegmentEncoder, SegmentView } from '../record/segment-codec.ts'
import type { ControlElement } from '../record/stream-element.ts'
import type { ChannelSender } from './channel-sender.ts'
import type { Doorbell } from './doorbell.ts'
import { ExchangeError } from './exchange-error.ts'
import type { OverflowBudget } from './overflow-budget.ts'
import { FRAGMENT, LAST_FRAGMENT, RECORDS, type SegmentContent } from './segment-descriptor.ts'

/** What all channels of one writer have in common. */
export interface OutputChannelContext {
  readonly segmentBytes: number
  readonly bufferTimeoutMs: number
  readonly clock: Clock
  readonly availability: OutputAvailability
  readonly overflow: OverflowBudget
  /** By channel: 1 while its encoder has a segment open. Read by the compiled emit functions. */
  readonly openFlags: Uint8Array
  readonly describe: () => string
}

/** A sealed segment that waits for credit. */
interface WaitingSegment {
  /** Undefined if there is only an element. */
  readonly view: SegmentView | undefined
  readonly usedBytes: number
  readonly content: SegmentContent
  readonly element: ControlElement | undefined
  readonly recordBytes: number
}

/** What an element alone counts for in the overflow's budget. */
const ELEMENT_BYTES = 64

/** `#open` when no segment is open, and when a private one is; otherwise the index of a shared one. */
const NOTHING = -2
const PRIVATE = -1

/**
 * The producer's side of one channel. Records go into a segment of the gate while there is credit. Without credit they
 * go into a private segment; when that is complete it travels as soon as credit is there, else it joins the overflow.
 * A private segment stays open across a return of credit: otherwise every wait for credit would end with a segment that
 * holds the one record which did not fit the segment before.
 *
 * Order: while anything waits in the overflow, whatever is sealed joins it at the end.
 */
export class OutputChannel<T> {
  readonly encoder: SegmentEncoder<T>
  readonly sender: ChannelSender
  readonly #context: OutputChannelContext
  readonly #doorbell: Doorbell
  readonly #position: number
  readonly #waiting: WaitingSegment[] = []
  #open = NOTHING
  #openView: SegmentView | undefined
  /** When the open segment is to be sent though not full. */
  #dueMs = Number.POSITIVE_INFINITY
  /** The open private segment was to be sent when there was no credit: it goes as soon as there is. */
  #flushWanted = false
  #available = true
  #ended = false
  #recordsSealed = 0
  #bytesSealed = 0

  constructor(
    context: OutputChannelContext,
    position: number,
    sender: ChannelSender,
    encoder: SegmentEncoder<T>,
    doorbell: Doorbell,
  ) {
    this.#context = context
    this.#position = position
    this.sender = sender
    this.encoder = encoder
    this.#doorbell = doorbell
  }

  get recordsOut(): number {
    return this.#recordsSealed + (this.#open === NOTHING ? 0 : this.encoder.recordCount)
  }

  get bytesOut(): number {
    return this.#bytesSealed
  }

  /** Sealed segments that wait for credit. */
  get waitingSegments(): number {
    return this.#waiting.length
  }

  /** Writes a record that the open segment did not take, or for which none is open. */
  writeSlow(record: T): void {
    assert(!this.#ended, () => `A record was written to ${this.#context.describe()} behind its end of input`)
    if (this.#open !== NOTHING && this.encoder.recordCount > 0) this.#send(undefined)
    if (this.#open === NOTHING) {
      this.#takeSegment()
      this.encoder.open(this.#openView!)
      this.#context.openFlags[this.#position] = 1
      const { bufferTimeoutMs, clock } = this.#context
      if (bufferTimeoutMs > 0) this.#dueMs = clock.monotonicMs() + bufferTimeoutMs
    }
    if (!this.encoder.write(record)) this.#sendLarge(record)
  }

  /** Puts the element behind all records so far and sends both. */
  sendElement(element: ControlElement): void {
    assert(!this.#ended, () => `A ${element.kind} was sent to ${this.#context.describe()} behind its end of input`)
    if (element.kind === 'end') this.#ended = true
    this.#send(element)
  }

  /** Sends the open segment if it holds records and there is credit for it; without credit, once there is. */
  flush(): void {
    if (this.#open === NOTHING || this.encoder.recordCount === 0) return
    if (this.#open >= 0 || this.maySendDirectly()) this.#send(undefined)
    else {
      this.#flushWanted = true
      this.#dueMs = Number.POSITIVE_INFINITY
    }
  }

  /** Flushes if the open segment's time-out has passed, and answers when it will: never, if none is open. */
  flushDue(nowMs: number): number {
    if (this.#dueMs <= nowMs) this.flush()
    return this.#dueMs
  }

  /** Moves what waits into the segments that came back. Answers whether the channel can take a record without overflow. */
  drain(): boolean {
    if (this.#available) return true
    while (this.#waiting.length > 0 && this.sender.hasCredit()) this.#publishPrivate(this.#waiting.shift()!)
    if (this.#flushWanted && this.maySendDirectly()) this.#send(undefined)
    this.#available = this.isAvailable()
    // Not for the first time if there is something to wait for; this tells the gate how much that has become.
    this.sender.announceBacklog(this.#available ? 0 : this.#waiting.length + 1)
    return this.#available
  }

  /** Whether nothing waits and one more record has a place. After the end: whether nothing waits. */
  isAvailable(): boolean {
    return this.#waiting.length === 0 && (this.#open >= 0 || this.#ended || this.sender.hasCredit())
  }

  /** Whether a segment of the gate may be used at once: not before everything that waits has gone. */
  maySendDirectly(): boolean {
    return this.#waiting.length === 0 && this.sender.hasCredit()
  }

  /** Gives back what is held privately. What was not sent is lost. */
  close(): void {
    if (this.#open !== NOTHING) {
      this.encoder.seal()
      this.#context.openFlags[this.#position] = 0
    }
    if (this.#open === PRIVATE) this.#context.overflow.returnSegment(this.#openView!)
    this.#open = NOTHING
    this.#openView = undefined
    this.#dueMs = Number.POSITIVE_INFINITY
    for (const segment of this.#waiting.splice(0)) this.#releasePrivate(segment)
    this.#available = true
    this.#ended = true
  }

  #takeSegment(): void {
    if (this.maySendDirectly()) {
      this.#open = this.sender.take()
      this.#openView = this.sender.view(this.#open)
      return
    }
    const { overflow, segmentBytes } = this.#context
    this.#openView = overflow.takeSegment(segmentBytes) ?? this.#failOverflow()
    this.#open = PRIVATE
    this.#raiseStop()
  }

  /** Completes the open segment, if there is one, and sends it with the element behind its records. */
  #send(element: ControlElement | undefined): void {
    let usedBytes = 0
    if (this.#open !== NOTHING) {
      this.#recordsSealed += this.encoder.recordCount
      usedBytes = this.encoder.seal()
      this.#context.openFlags[this.#position] = 0
    }
    this.#handOver(RECORDS, usedBytes, element, 0)
  }

  #sendLarge(record: T): void {
    // The open segment is empty, or the record would not be large.
    this.encoder.seal()
    this.#context.openFlags[this.#position] = 0
    const bytes = this.encoder.encodeLarge(record)
    const { segmentBytes } = this.#context
    for (let start = 0; start < bytes.length; start += segmentBytes) {
      const end = Math.min(start + segmentBytes, bytes.length)
      if (this.#open === NOTHING) this.#takeSegment()
      this.#openView!.bytes.set(bytes.subarray(start, end))
      this.#handOver(end === bytes.length ? LAST_FRAGMENT : FRAGMENT, end - start, undefined, bytes.length)
    }
    this.#recordsSealed++
  }

  /** Sends what is in the open segment, or an element alone. Leaves nothing open. */
  #handOver(
    content: SegmentContent,
    usedBytes: number,
    element: ControlElement | undefined,
    recordBytes: number,
  ): void {
    this.#bytesSealed += usedBytes
    const open = this.#open
    const view = this.#openView
    this.#open = NOTHING
    this.#openView = undefined
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#flushWanted = false
    if (open >= 0) {
      assert(this.#waiting.length === 0, () => 'A segment overtakes the overflow')
      this.sender.publish(open, usedBytes, content, element, recordBytes)
      this.#doorbell.ring()
    } else {
      const segment = this.#privateSegment(view, content, usedBytes, element, recordBytes)
      if (this.maySendDirectly()) this.#publishPrivate(segment)
      else this.#waiting.push(segment)
    }
    if (!this.isAvailable()) this.#raiseStop()
  }

  #privateSegment(
    view: SegmentView | undefined,
    content: SegmentContent,
    usedBytes: number,
    element: ControlElement | undefined,
    recordBytes: number,
  ): WaitingSegment {
    const { overflow } = this.#context
    if (usedBytes > 0) return { view, usedBytes, content, element, recordBytes }
    if (view !== undefined) overflow.returnSegment(view)
    if (!overflow.reserve(ELEMENT_BYTES)) this.#failOverflow()
    return { view: undefined, usedBytes, content, element, recordBytes }
  }

  /** Copies a private segment into one of the gate, for which there is credit. */
  #publishPrivate(segment: WaitingSegment): void {
    const { view, usedBytes, content, element, recordBytes } = segment
    const index = this.sender.take()
    if (view !== undefined) this.sender.view(index).bytes.set(view.bytes.subarray(0, usedBytes))
    this.sender.publish(index, usedBytes, content, element, recordBytes)
    this.#doorbell.ring()
    this.#releasePrivate(segment)
  }

  #releasePrivate({ view }: WaitingSegment): void {
    if (view !== undefined) this.#context.overflow.returnSegment(view)
    else this.#context.overflow.release(ELEMENT_BYTES)
  }

  /**
   * No credit is left. From here on the producer may go to wait, so the wait is announced and the credit looked at once
   * more: a segment that returns before the look is used, one that returns after it finds the backlog and rings.
   */
  #raiseStop(): void {
    this.#available = false
    this.sender.announceBacklog(this.#waiting.length + 1)
    if (!this.drain()) this.#context.availability.stop = true
  }

  #failOverflow(): never {
    const { describe, overflow } = this.#context
    const { maxBytes, usedBytes } = overflow
    throw new ExchangeError(
      'OVERFLOW_EXCEEDED',
      `Cannot keep more output of ${describe()}: one input record (or timer) produced more than its channels take, and ` +
        `the overflow of ${maxBytes} bytes is full. Return the results from a generator (function*), which is paused ` +
        `while output is not available, or raise pipeline.max-overflow`,
      { edge: describe(), maxBytes, usedBytes },
    )
  }
}
