import type { SplitEnumerator, SplitEnumeratorContext } from '@millrace/runtime/connector'
import type { KafkaDriver, TopicPartition } from '../driver/kafka-driver.ts'
import { kafkaDriverFor } from '../driver/kafka-driver-for.ts'
import type { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaSourceSettings } from './kafka-source-settings.ts'
import { type KafkaSplit, splitIdOf, splitOwner } from './kafka-split.ts'
import { resolveStartingOffsets, type StartingOffsets } from './starting-offsets.ts'
import { resolveStoppingOffsets } from './stopping-offsets.ts'
import { type FoundPartitions, findPartitions } from './subscription.ts'

/** Brokers learn of a topic one after the other: one that was made just now may be unknown to the one that is asked. */
const firstLooks = 4
const firstLookPauseMs = 100

/** What {@link KafkaSplitEnumerator} keeps in snapshots. */
export interface KafkaSplitEnumeratorState {
  /** All partitions that were ever found, those of `pending` as well: discovery looks for others. */
  readonly known: readonly TopicPartition[]
  /** Found, and not given to a reader yet. */
  readonly pending: readonly KafkaSplit[]
}

/**
 * Finds the partitions, resolves their offsets, and gives each to the reader that owns it. Offsets in splits are numbers, never
 * words such as `latest`: a job that fails before its first record starts at the same place again.
 */
export class KafkaSplitEnumerator implements SplitEnumerator {
  readonly #settings: KafkaSourceSettings
  readonly #context: SplitEnumeratorContext<KafkaSplit>
  readonly #isRestored: boolean
  readonly #known = new Map<string, TopicPartition>()
  readonly #gone = new Set<string>()
  #pending: KafkaSplit[] = []
  #driver: KafkaDriver | undefined
  #isClosed = false
  #cancelDiscovery: () => void = () => {}

  /** `restored` is what `snapshotState` answered. */
  constructor(
    settings: KafkaSourceSettings,
    context: SplitEnumeratorContext<KafkaSplit>,
    restored?: KafkaSplitEnumeratorState,
  ) {
    this.#settings = settings
    this.#context = context
    this.#isRestored = restored !== undefined
    for (const partition of restored?.known ?? []) this.#known.set(splitIdOf(partition), partition)
    this.#pending = [...(restored?.pending ?? [])]
  }

  async start(): Promise<void> {
    if (!this.#isRestored) {
      await this.#discoverFirst()
      this.#scheduleDiscovery(this.#settings.partitionDiscoveryIntervalMs)
    } else if (!this.#settings.isBounded) {
      // Beside the start: readers have splits already, and may go on. Also where discovery is off: topics may have been added.
      this.#scheduleDiscovery(1)
    }
  }

  addReader(subtaskIndex: number): void {
    this.#assignPending()
    if (this.#settings.isBounded) this.#context.signalNoMoreSplits(subtaskIndex)
  }

  /** Splits are given unasked. */
  handleSplitRequest(): void {}

  snapshotState(): KafkaSplitEnumeratorState {
    return { known: [...this.#known.values()], pending: [...this.#pending] }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelDiscovery()
    await this.#driver?.close()
  }

  async #discoverFirst(): Promise<void> {
    const { partitions, missing } = await this.#lookFirst()
    if (missing !== undefined && !this.#mayCome(missing)) throw missing
    if (missing !== undefined) this.#context.logger.warn(missing.message, missing.facts)
    await this.#add(partitions, this.#settings.startingOffsets)
    this.#context.logger.info('found partitions to read', { partitions: partitions.length })
  }

  async #lookFirst(): Promise<FoundPartitions> {
    for (let look = 1; ; look++) {
      const found = await findPartitions(this.#settings.subscription, this.#connected())
      if (found.missing === undefined || this.#mayCome(found.missing)) return found
      if (look === firstLooks || this.#isClosed) return found
      await this.#pause(firstLookPauseMs)
    }
  }

  /** Whether the source starts without, and looks for it from time to time. */
  #mayCome(missing: KafkaError): boolean {
    return missing.code === 'NO_TOPIC_MATCHES' && this.#settings.partitionDiscoveryIntervalMs > 0
  }

  /** Ends early when the job does. */
  #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#context
    return new Promise((resolve) => {
      const cancel = clock.schedule(ms, resolve)
      const end = () => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
    })
  }

  #scheduleDiscovery(delayMs: number): void {
    if (this.#isClosed || delayMs <= 0) return
    this.#cancelDiscovery = this.#context.clock.schedule(delayMs, () => {
      // The driver has tried for its whole time: what failed is tried again with the next discovery, and readers go on.
      this.#discoverMore()
        .catch((error: Error) => {
          if (!this.#isClosed) this.#context.logger.warn('could not look for new partitions', { reason: error.message })
        })
        .finally(() => this.#scheduleDiscovery(this.#settings.partitionDiscoveryIntervalMs))
    })
  }

  async #discoverMore(): Promise<void> {
    const { partitions, missing } = await findPartitions(this.#settings.subscription, this.#connected())
    if (missing !== undefined) this.#context.logger.warn(missing.message, missing.facts)
    this.#warnOfGone(partitions)
    const added = partitions.filter((partition) => !this.#known.has(splitIdOf(partition)))
    if (added.length === 0) return
    // From their beginning, wherever the job started: nothing that was written since the last look may be missed.
    await this.#add(added, 'earliest')
    this.#context.logger.info('found new partitions', { partitions: added.map(splitIdOf) })
    this.#assignPending()
  }

  async #add(partitions: readonly TopicPartition[], from: StartingOffsets): Promise<void> {
    if (partitions.length === 0) return
    const { groupId, isolation, stoppingOffsets } = this.#settings
    const lookup = { driver: this.#connected(), groupId, isolation }
    const starts = await resolveStartingOffsets(partitions, from, lookup)
    const stops =
      stoppingOffsets === undefined ? undefined : await resolveStoppingOffsets(partitions, stoppingOffsets, lookup)
    for (const partition of partitions) {
      const splitId = splitIdOf(partition)
      const stoppingOffset = stops?.get(splitId)
      const split = { splitId, ...partition, offset: starts.get(splitId)! }
      this.#known.set(splitId, partition)
      this.#pending.push(stoppingOffset === undefined ? split : { ...split, stoppingOffset })
    }
  }

  #assignPending(): void {
    const { parallelism } = this.#context
    const readers = new Set(this.#context.registeredReaders())
    const pending = this.#pending
    this.#pending = []
    for (const split of pending) {
      const owner = splitOwner(split, parallelism)
      if (readers.has(owner)) this.#context.assignSplit(split, owner)
      else this.#pending.push(split)
    }
  }

  /** Once for each. Its reader meets the error itself; here it is told for those that are idle. */
  #warnOfGone(found: readonly TopicPartition[]): void {
    const there = new Set(found.map(splitIdOf))
    const gone = [...this.#known.keys()].filter((splitId) => !there.has(splitId) && !this.#gone.has(splitId))
    if (gone.length === 0) return
    for (const splitId of gone) this.#gone.add(splitId)
    this.#context.logger.warn('partitions that are being read are not part of the subscription any more', {
      partitions: gone,
    })
  }

  #connected(): KafkaDriver {
    const { connection, clientIdPrefix } = this.#settings
    const { clock, logger, signal, jobInfo } = this.#context
    if (this.#driver === undefined) {
      const createDriver = this.#settings.createDriver ?? kafkaDriverFor(jobInfo.kafkaDriver)
      const driver = createDriver({ ...connection, clientId: `${clientIdPrefix}-enumerator` }, { clock, logger })
      this.#driver = driver
      // `close` is only called after `start`, which may be about to wait a minute for a broker that is down.
      signal.addEventListener('abort', () => void this.close(), { once: true })
    }
    return this.#driver
  }
}
