import type { ProducedBatch } from '../kafka-producer.ts'

/** A sealed batch on its way. */
export interface OutgoingBatch {
  readonly bytes: Buffer
  /** What it counts for in the producer's bound. */
  readonly sizeBytes: number
  readonly recordCount: number
  readonly baseSequence: number
  readonly deadlineMs: number
  readonly resolve: (produced: ProducedBatch) => void
  readonly reject: (error: Error) => void
  isSettled: boolean
}

/**
 * The batches of one partition in their order: those under way, then those that wait.
 *
 * When one under way fails and is to be sent again, those after it were sent in vain (brokers take the sequence numbers of an
 * idempotent producer in order). So nothing more leaves until the answers to all are there; then what is not
 * acknowledged leaves again, in order, with the sequence numbers it had.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  waiting: OutgoingBatch[] = []
  underWay: OutgoingBatch[] = []
  /** How many under way have no answer yet. */
  unanswered = 0
  isGoingBack = false
  nextSequence = 0
  failures = 0
  failingSinceMs: number | undefined
  notBeforeMs = 0
  /** Why the last attempt failed. */
  lastFailure: Error | undefined
  /** Whether the broker has taken a batch of this producer. */
  #isKnown = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.underWay.length === 0
  }

  takeSequence(recordCount: number): number {
    const sequence = this.nextSequence
    // They count on from zero after 2^31 - 1.
    this.nextSequence = (sequence + recordCount) % 0x8000_0000
    return sequence
  }

  /** The next batch to send, if one may be sent now. */
  head(inFlightMax: number, nowMs: number): OutgoingBatch | undefined {
    if (this.isGoingBack || this.underWay.length >= inFlightMax || this.notBeforeMs > nowMs) return undefined
    // After a failure one batch goes ahead alone. So does the very first: a broker that does not know the producer takes any
    // sequence number, also that of a second batch while the first is still on its way.
    if ((this.failures > 0 || !this.#isKnown) && this.underWay.length > 0) return undefined
    return this.waiting[0]
  }

  depart(batch: OutgoingBatch): void {
    this.waiting.shift()
    this.underWay.push(batch)
    this.unanswered++
  }

  /** An acknowledgement. */
  arrived(batch: OutgoingBatch): void {
    this.unanswered--
    this.#isKnown = true
    if (!this.isGoingBack) {
      this.failures = 0
      this.failingSinceMs = undefined
      this.notBeforeMs = 0
    }
    const index = this.underWay.indexOf(batch)
    if (index >= 0) this.underWay.splice(index, 1)
    this.#goBackIfAnswered()
  }

  /** No acknowledgement, and another attempt may help, not before `notBeforeMs`. */
  failed(notBeforeMs: number, failure: Error): void {
    this.unanswered--
    this.failures++
    this.lastFailure = failure
    this.notBeforeMs = Math.max(this.notBeforeMs, notBeforeMs)
    this.isGoingBack = true
    this.#goBackIfAnswered()
  }

  #goBackIfAnswered(): void {
    if (!this.isGoingBack || this.unanswered > 0) return
    this.isGoingBack = false
    this.waiting = [...this.underWay, ...this.waiting]
    this.underWay = []
  }
}
