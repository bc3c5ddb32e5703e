import type { Clock, Gauge, MetricGroup } from '@millrace/runtime/connector'
import type { PartitionOffset } from '../driver/kafka-driver.ts'
import type { PartitionProgress } from '../driver/kafka-fetcher.ts'
import type { KafkaSplit } from './kafka-split.ts'

const intervalMs = 200
/** A subtask has 250 metrics: of so many of its partitions each offset is shown, of all the sum of pending records. */
const partitionsMax = 50
/** Names of metrics have 256 characters at most, those of topics up to 249. */
const topicCharactersMax = 190

/** How far a reader is behind, under Flink's names. Brought up to date a few times a second, not for each record. */
export class SourceGauges {
  readonly #metrics: MetricGroup
  readonly #clock: Clock
  readonly #isReadCommitted: boolean
  readonly #pending: Gauge
  readonly #lagMax: Gauge
  readonly #offsets = new Map<string, { readonly current: Gauge; readonly committed: Gauge }>()
  #nextMs = Number.NEGATIVE_INFINITY

  constructor(metrics: MetricGroup, clock: Clock, isReadCommitted: boolean) {
    this.#metrics = metrics
    this.#clock = clock
    this.#isReadCommitted = isReadCommitted
    this.#pending = metrics.gauge('pendingRecords')
    // In Flink that of the client, which has a group of its own.
    this.#lagMax = metrics.gauge('KafkaSourceReader.KafkaConsumer.records-lag-max', 'max')
  }

  /** Whether `update` is worth it again. */
  get isDue(): boolean {
    return this.#clock.monotonicMs() >= this.#nextMs
  }

  update(splits: Iterable<KafkaSplit>, progressOf: (split: KafkaSplit) => PartitionProgress | undefined): void {
    this.#nextMs = this.#clock.monotonicMs() + intervalMs
    let pending = 0
    let lagMax = 0
    for (const split of splits) {
      const progress = progressOf(split)
      if (progress === undefined) continue
      const { highWatermark, lastStableOffset, offset } = progress
      const end = this.#isReadCommitted ? lastStableOffset : highWatermark
      // The ends are -1 until a broker has told them.
      const lag = Math.max(0, Math.min(end, split.stoppingOffset ?? end) - offset)
      pending += lag
      lagMax = Math.max(lagMax, lag)
      // As Flink's: the offset of the last record, not the next.
      this.#gaugesOf(split)?.current.set(offset - 1)
    }
    this.#pending.set(pending)
    this.#lagMax.set(lagMax)
  }

  /** A split that is read to its end. */
  ended(split: KafkaSplit): void {
    const { stoppingOffset } = split
    if (stoppingOffset !== undefined) this.#gaugesOf(split)?.current.set(stoppingOffset - 1)
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const position of offsets) this.#gaugesOf(position)?.committed.set(position.offset)
  }

  #gaugesOf({ topic, partition }: { readonly topic: string; readonly partition: number }) {
    const key = `${topic}-${partition}`
    const known = this.#offsets.get(key)
    if (known !== undefined || this.#offsets.size >= partitionsMax || topic.length > topicCharactersMax) return known
    const prefix = `KafkaSourceReader.topic.${topic}.partition.${partition}`
    const gauges = {
      current: this.#metrics.gauge(`${prefix}.currentOffset`),
      committed: this.#metrics.gauge(`${prefix}.committedOffset`),
    }
    // As Flink's, until there was a commit.
    gauges.committed.set(-1)
    this.#offsets.set(key, gauges)
    return gauges
  }
}
