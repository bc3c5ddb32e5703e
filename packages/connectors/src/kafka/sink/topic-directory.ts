import type { Clock } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import { WritableTopic } from './writable-topic.ts'

/** How many topics are known at a time: of those beyond, the one that came first is forgotten. */
const topicsMax = 1_000
/** Brokers learn of a new topic at different times, a moment after each other. */
const unknownGraceMs = 3_000
const unknownRetryMs = 200

export interface TopicDirectoryContext {
  readonly driver: KafkaDriver
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly subtaskIndex: number
  /** After so long the partitions are looked up again, as Kafka's client does. */
  readonly maxAgeMs: number
  /** A topic is no longer known; what is being filled for it must leave. */
  readonly onForgotten: (topic: WritableTopic) => void
}

/** The partitions of topics, looked up on first use, and again from time to time: partitions may be added. */
export class TopicDirectory {
  readonly #context: TopicDirectoryContext
  readonly #topics = new Map<string, WritableTopic>()
  #refreshAtMs: number
  #isRefreshing = false

  constructor(context: TopicDirectoryContext) {
    this.#context = context
    this.#refreshAtMs = context.clock.monotonicMs() + context.maxAgeMs
  }

  get(name: string): WritableTopic | undefined {
    return this.#topics.get(name)
  }

  /** Asks the brokers. Rejects with `UNKNOWN_TOPIC` if it is not there: no topic is created. */
  async lookUp(name: string): Promise<WritableTopic> {
    const { driver, clock, signal, subtaskIndex, onForgotten } = this.#context
    const deadlineMs = clock.monotonicMs() + unknownGraceMs
    for (;;) {
      const [metadata] = await driver.topics([name])
      if (metadata !== undefined && metadata.partitions.length > 0) {
        const topic = new WritableTopic(metadata, subtaskIndex)
        if (this.#topics.size >= topicsMax) {
          const oldest = this.#topics.values().next().value!
          this.#topics.delete(oldest.name)
          onForgotten(oldest)
        }
        this.#topics.set(name, topic)
        return topic
      }
      if (signal.aborted || clock.monotonicMs() >= deadlineMs) throw unknownTopic(name)
      await new Promise<void>((resolve) => void clock.schedule(unknownRetryMs, resolve))
    }
  }

  /** Looks at all topics again if it is time. Nobody waits for it, and what fails is tried again later. */
  refreshIfDue(nowMs: number): void {
    if (nowMs < this.#refreshAtMs || this.#isRefreshing) return
    this.#refreshAtMs = nowMs + this.#context.maxAgeMs
    this.#isRefreshing = true
    void this.#refresh().finally(() => {
      this.#isRefreshing = false
    })
  }

  async #refresh(): Promise<void> {
    try {
      for (const metadata of await this.#context.driver.topics([...this.#topics.keys()])) {
        if (metadata.partitions.length > 0) this.#topics.get(metadata.topic)?.update(metadata)
      }
    } catch {
      // Whether that matters, writing will tell.
    }
  }
}

function unknownTopic(topic: string): KafkaError {
  return new KafkaError(
    'UNKNOWN_TOPIC',
    `Cannot write to topic "${topic}": the brokers know no such topic, after ${unknownGraceMs / 1_000} s of asking. Check the name, ` +
      'or create the topic: sinks create none.',
    { topic },
    // A wrong name, most often. Nobody would see that while the job is started again and again.
    { isLasting: true },
  )
}
