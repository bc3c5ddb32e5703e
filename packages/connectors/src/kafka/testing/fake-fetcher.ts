import { assert } from '@millrace/runtime/connector'
import type { FetchedRecord } from '../driver/fetched-record.ts'
import type { PartitionOffset, TopicPartition } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { FetcherOptions, KafkaFetcher, PartitionAssignment, PartitionProgress } from '../driver/kafka-fetcher.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'
import type { FakeKafka } from './fake-kafka.ts'
import { isVisible, type LogEntry } from './fake-log.ts'

/** Records that are handed out of a partition before it is the turn of the next. */
const chunkRecords = 3

interface FakePosition<A> {
  readonly assignment: A
  offset: number
  isPaused: boolean
  isResting: boolean
}

/** Reads the logs of a fake cluster directly, by turns a few records of each partition. */
export class FakeFetcher<A extends PartitionAssignment> implements KafkaFetcher<A> {
  readonly bufferedBytes = 0
  readonly #kafka: FakeKafka
  readonly #isReadCommitted: boolean
  readonly #record = new FakeView<A>()
  #positions: FakePosition<A>[] = []
  #ended: A[] = []
  #turnsLeft = chunkRecords
  #isClosed = false
  #wakeUp: PromiseWithResolvers<void> | undefined

  constructor(kafka: FakeKafka, { isolation = 'read_committed' }: FetcherOptions = {}) {
    this.#kafka = kafka
    this.#isReadCommitted = isolation === 'read_committed'
  }

  assign(assignments: readonly A[]): void {
    for (const assignment of assignments) {
      assert(this.#find(assignment) === undefined, () => `${keyOf(assignment)} was assigned twice to a fetcher`)
      this.#positions.push({ assignment, offset: assignment.offset, isPaused: false, isResting: false })
    }
    this.wake()
  }

  unassign(partitions: readonly TopicPartition[]): void {
    this.#positions = this.#positions.filter(({ assignment }) => !partitions.some((each) => isSame(each, assignment)))
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, false)
    this.wake()
  }

  seek(position: PartitionOffset): void {
    const found = this.#find(position)
    assert(found !== undefined, () => `${keyOf(position)} is not assigned to the fetcher that seeks in it`)
    found.offset = position.offset
    found.isResting = false
    this.wake()
  }

  next(): FetchedRecord<A> | undefined {
    for (let tried = 0; tried < this.#positions.length; tried++) {
      const position = this.#positions[0]!
      const entry = this.#turnsLeft > 0 ? this.#advance(position) : undefined
      if (entry !== undefined) {
        this.#turnsLeft--
        return this.#record.show(position.assignment, entry)
      }
      if (this.#turnsLeft === 0) tried = -1
      this.#turnsLeft = chunkRecords
      this.#positions.push(this.#positions.shift()!)
    }
    return undefined
  }

  takeEnded(): readonly A[] {
    for (const { assignment, offset } of this.#positions) {
      if (offset >= stopOf(assignment)) this.#ended.push(assignment)
    }
    this.unassign(this.#ended)
    const ended = this.#ended
    this.#ended = []
    return ended
  }

  available(): Promise<void> {
    if (this.#isClosed || this.#positions.some((position) => this.#hasNews(position))) return Promise.resolve()
    this.#wakeUp ??= Promise.withResolvers()
    return this.#wakeUp.promise
  }

  progress(partition: TopicPartition): PartitionProgress | undefined {
    const position = this.#find(partition)
    if (position === undefined) return undefined
    const { topic, partition: number } = position.assignment
    const { highWatermark = -1, lastStableOffset = -1, logStartOffset = -1 } = this.#kafka.log(topic, number) ?? {}
    return { topic, partition: number, offset: position.offset, highWatermark, lastStableOffset, logStartOffset }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#positions = []
    this.#kafka.fetchers.delete(this)
    this.wake()
  }

  /** Called when anything has changed in the cluster. */
  wake(): void {
    this.#wakeUp?.resolve()
    this.#wakeUp = undefined
  }

  /** The next entry to hand out, or undefined at the end of what may be read. Throws what is wrong, once. */
  #advance(position: FakePosition<A>): LogEntry | undefined {
    if (position.isPaused || position.isResting) return undefined
    const problem = this.#problem(position)
    if (problem !== undefined) {
      position.isResting = true
      throw problem
    }
    const log = this.#kafka.log(position.assignment.topic, position.assignment.partition)!
    const end = Math.min(this.#isReadCommitted ? log.lastStableOffset : log.highWatermark, stopOf(position.assignment))
    while (position.offset < end) {
      const entry = log.at(position.offset++)!
      if (isVisible(entry, this.#isReadCommitted)) return entry
    }
    return undefined
  }

  #problem({ assignment, offset }: FakePosition<A>): KafkaError | undefined {
    const { topic, partition } = assignment
    const injected = this.#kafka.takeFetchFailure(assignment)
    if (injected !== undefined) return injected
    const log = this.#kafka.log(topic, partition)
    const attempt = `Cannot read topic "${topic}", partition ${partition}, from offset ${offset}`
    if (log === undefined) return new KafkaError('UNKNOWN_TOPIC', `${attempt}: it is not there`, { topic, partition })
    if (offset >= log.logStartOffset && offset <= log.highWatermark) return undefined
    return new KafkaError(
      'OFFSET_OUT_OF_RANGE',
      `${attempt}: the log goes from ${log.logStartOffset} to ${log.highWatermark}`,
      { topic, partition, offset },
    )
  }

  #hasNews({ assignment, offset, isPaused, isResting }: FakePosition<A>): boolean {
    if (offset >= stopOf(assignment)) return true
    if (isPaused || isResting) return false
    const log = this.#kafka.log(assignment.topic, assignment.partition)
    if (log === undefined || this.#kafka.hasFetchFailure(assignment)) return true
    return offset < (this.#isReadCommitted ? log.lastStableOffset : log.highWatermark) || offset < log.logStartOffset
  }

  #setPaused(partitions: readonly TopicPartition[], isPaused: boolean): void {
    for (const partition of partitions) {
      const position = this.#find(partition)
      if (position !== undefined) position.isPaused = isPaused
    }
  }

  #find(partition: TopicPartition): FakePosition<A> | undefined {
    return this.#positions.find(({ assignment }) => isSame(assignment, partition))
  }
}

/** The one object that `next` answers: its fields change with each call, as those of the real one do. */
class FakeView<A extends TopicPartition> implements FetchedRecord<A> {
  assignment!: A
  topic = ''
  partition = -1
  offset = -1
  timestampMs = -1
  readonly timestampType = 'create-time'
  #entry!: LogEntry

  show(assignment: A, entry: LogEntry): this {
    this.assignment = assignment
    this.topic = assignment.topic
    this.partition = assignment.partition
    this.offset = entry.offset
    this.timestampMs = entry.timestampMs
    this.#entry = entry
    return this
  }

  get keyLength(): number {
    return this.#entry.key?.length ?? -1
  }

  get valueLength(): number {
    return this.#entry.value?.length ?? -1
  }

  key(): Buffer | null {
    return this.#entry.key
  }

  value(): Buffer | null {
    return this.#entry.value
  }

  keyText(): string | null {
    return this.#entry.key?.toString() ?? null
  }

  valueText(): string | null {
    return this.#entry.value?.toString() ?? null
  }

  keyCopy(): Uint8Array | null {
    const key = this.key()
    return key && new Uint8Array(key)
  }

  valueCopy(): Uint8Array | null {
    const value = this.value()
    return value && new Uint8Array(value)
  }

  headers(): readonly RecordHeader[] {
    return this.#entry.headers
  }
}

function stopOf({ stoppingOffset = Number.POSITIVE_INFINITY }: PartitionAssignment): number {
  return stoppingOffset
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `partition ${topic}-${partition}`
}
