import type { PartitionAssignment, PartitionProgress } from '../kafka-fetcher.ts'
import type { FetchedPartition } from '../protocol/fetch-request.ts'
import type { AbortedTransaction } from '../record-batch/aborted-transactions.ts'
import { AbortedTransactions } from '../record-batch/aborted-transactions.ts'
import { BatchHead } from '../record-batch/batch-head.ts'
import { RecordCursor } from '../record-batch/record-cursor.ts'
import type { SharedAnswer } from './shared-answer.ts'

interface FetchedChunk {
  readonly bytes: Buffer
  readonly answer: SharedAnswer
  readonly aborted: readonly AbortedTransaction[]
}

/**
 * One assigned partition: how far it is fetched, what of that is not read, and how far it is read. These two go at their own
 * pace, so that the next answer is under way while this one is read.
 */
export class PartitionFetch<A extends PartitionAssignment> {
  readonly assignment: A
  readonly topic: string
  readonly partition: number
  cursor: RecordCursor<A>
  /** The first offset that is not fetched. */
  fetchOffset: number
  /** Raised when the position jumps: answers to requests of before do not count any more. */
  generation = 0
  isPaused = false
  /** Whether a request that names it is under way. */
  isUnderWay = false
  /** Waits in the queue of those that have something to read. */
  isQueued = false
  /** What `next` throws once. Then nothing happens to the partition until `seek`. */
  error: Error | undefined
  isResting = false
  /** Since when fetching fails, and how often it did. */
  failingSinceMs: number | undefined
  failures = 0
  /** Not asked for before that time. */
  notBeforeMs = 0
  /** Of chunks that are not read to their end. */
  bufferedBytes = 0
  preferredReplica = -1
  highWatermark = -1
  lastStableOffset = -1
  logStartOffset = -1
  readonly #isReadCommitted: boolean
  readonly #chunks: FetchedChunk[] = []
  #openChunk: FetchedChunk | undefined

  constructor(assignment: A, isReadCommitted: boolean) {
    this.assignment = assignment
    this.topic = assignment.topic
    this.partition = assignment.partition
    this.fetchOffset = assignment.offset
    this.#isReadCommitted = isReadCommitted
    this.cursor = this.#cursorAt(assignment.offset)
  }

  get hasRecords(): boolean {
    return this.#openChunk !== undefined || this.#chunks.length > 0
  }

  get isAtStop(): boolean {
    return this.cursor.isAtStop
  }

  /** Whether everything before the stopping offset is fetched. */
  get isFetched(): boolean {
    return this.fetchOffset >= (this.assignment.stoppingOffset ?? Number.POSITIVE_INFINITY)
  }

  get progress(): PartitionProgress {
    const { topic, partition, highWatermark, lastStableOffset, logStartOffset } = this
    return { topic, partition, offset: this.cursor.position, highWatermark, lastStableOffset, logStartOffset }
  }

  /** Takes what was fetched from `fetchOffset` on. False if it has not one whole batch, so that nothing is gained. */
  take(fetched: FetchedPartition, answer: SharedAnswer): boolean {
    this.highWatermark = fetched.highWatermark
    this.lastStableOffset = fetched.lastStableOffset
    this.logStartOffset = fetched.logStartOffset
    if (fetched.records.length === 0) return true
    const { bytes, nextOffset } = wholeBatches(fetched.records)
    if (nextOffset <= this.fetchOffset) return false
    this.fetchOffset = nextOffset
    answer.use(bytes)
    this.#chunks.push({ bytes, answer, aborted: fetched.aborted })
    this.bufferedBytes += bytes.length
    return true
  }

  /** Steps to the next record of what was fetched; a chunk that is through is let go of. May throw for damage. */
  advance(): boolean {
    for (;;) {
      if (this.#openChunk !== undefined) {
        if (this.cursor.advance()) return true
        this.bufferedBytes -= this.#openChunk.bytes.length
        this.#closeChunk()
      }
      const chunk = this.#chunks.shift()
      if (chunk === undefined) return false
      this.#openChunk = chunk
      this.cursor.open(chunk.bytes, this.#isReadCommitted ? new AbortedTransactions(chunk.aborted) : undefined)
    }
  }

  /** Drops what was fetched, and rests. */
  fail(error: Error): void {
    this.error = error
    this.isResting = true
    this.drop()
  }

  jumpTo(offset: number): void {
    this.drop()
    this.error = undefined
    this.isResting = false
    this.fetchOffset = offset
    this.cursor = this.#cursorAt(offset)
    this.succeed()
  }

  drop(): void {
    this.generation++
    for (const { answer } of this.#chunks) answer.release(false)
    this.#chunks.length = 0
    this.bufferedBytes = 0
    this.#closeChunk()
  }

  succeed(): void {
    this.failingSinceMs = undefined
    this.failures = 0
    this.notBeforeMs = 0
  }

  #closeChunk(): void {
    const chunk = this.#openChunk
    const { hasLent } = this.cursor
    this.#openChunk = undefined
    this.cursor.clear()
    chunk?.answer.release(hasLent)
  }

  #cursorAt(offset: number): RecordCursor<A> {
    return new RecordCursor(this.assignment, offset, this.assignment.stoppingOffset ?? Number.POSITIVE_INFINITY)
  }
}

/**
 * Without the batch that is cut off at the end, and the offset after the last whole one. Damage ends it as well: the cursor
 * finds it again and tells, so the damaged batch stays in.
 */
function wholeBatches(records: Buffer): { readonly bytes: Buffer; readonly nextOffset: number } {
  let at = 0
  let nextOffset = -1
  while (at < records.length) {
    const span = BatchHead.span(records, at)
    if (span === undefined) break
    if (span.length < BatchHead.lengthMin) return { bytes: records, nextOffset: Number.POSITIVE_INFINITY }
    nextOffset = span.lastOffset + 1
    at += span.length
  }
  return { bytes: records.subarray(0, at), nextOffset }
}
