import { connectionOptions } from '../connection-properties.ts'
import type { KafkaConnectionOptions } from '../driver/connection-options.ts'
import type { KafkaDriverFactory } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { FetcherOptions, IsolationLevel } from '../driver/kafka-fetcher.ts'
import { PropertyReader, withoutUndefined } from '../kafka-properties.ts'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'
import type { DeadLetterOptions, OnDeserializationError } from './poison-records.ts'
import type { StartingOffsets } from './starting-offsets.ts'
import type { StoppingOffsets } from './stopping-offsets.ts'
import type { Subscription } from './subscription.ts'

const discoveryIntervalMsDefault = 5 * 60 * 1000

/** The options of a source, checked and complete. */
export interface KafkaSourceSettings {
  readonly connection: KafkaConnectionOptions
  readonly clientIdPrefix: string
  /** Undefined: the one that the job names. */
  readonly createDriver: KafkaDriverFactory | undefined
  readonly groupId: string | undefined
  readonly subscription: Subscription
  readonly startingOffsets: StartingOffsets
  /** Undefined: reading never ends. */
  readonly stoppingOffsets: StoppingOffsets | undefined
  readonly isBounded: boolean
  /** 0 for never. */
  readonly partitionDiscoveryIntervalMs: number
  readonly commitOffsetsOnCheckpoint: boolean
  readonly onDeserializationError: OnDeserializationError
  readonly onOffsetOutOfRange: 'fail' | 'earliest' | 'latest'
  readonly isolation: IsolationLevel
  readonly fetcher: FetcherOptions
}

/** Throws `INVALID_OPTION` for what makes no sense. Connects to nothing. */
export function kafkaSourceSettings(options: KafkaSourceSettingsOptions): KafkaSourceSettings {
  const properties = new PropertyReader(options.properties)
  const connection = connectionOptions(options, properties)
  const fetcher = fetcherOptions(options, properties)
  const { groupId, clientIdPrefix, ...rest } = { ...sourceProperties(properties), ...chosenOf(options) }
  properties.checkAllTaken()
  const isBounded = options.bounded !== undefined
  const onError = options.onDeserializationError ?? 'fail'
  if (typeof onError === 'object') checkDeadLetters(onError)
  if (isBounded && options.unbounded !== undefined) {
    throw invalid('unbounded', 'bounded is given as well. Pass one of the two')
  }
  const intervalMs = rest.partitionDiscoveryIntervalMs ?? discoveryIntervalMsDefault
  // Flink takes a negative interval for "never" as well.
  if (!Number.isSafeInteger(intervalMs)) {
    throw invalid('partitionDiscoveryIntervalMs', `it must be milliseconds, or 0, not ${intervalMs}`)
  }
  const startingOffsets = options.startingOffsets ?? 'earliest'
  const stoppingOffsets = options.bounded ?? options.unbounded
  checkGroup(groupId, startingOffsets, stoppingOffsets)
  return {
    connection,
    clientIdPrefix: clientIdPrefix ?? groupId ?? 'millrace',
    createDriver: options.driver,
    groupId,
    subscription: subscriptionOf(options),
    startingOffsets,
    stoppingOffsets,
    isBounded,
    partitionDiscoveryIntervalMs: isBounded || options.partitions !== undefined ? 0 : Math.max(0, intervalMs),
    commitOffsetsOnCheckpoint: rest.commitOffsetsOnCheckpoint ?? true,
    onDeserializationError: onError,
    onOffsetOutOfRange: rest.onOffsetOutOfRange ?? 'fail',
    isolation: fetcher.isolation ?? 'read_committed',
    fetcher,
  }
}

/** What both options and properties can say. */
type Chosen = Pick<
  KafkaSourceSettingsOptions,
  'groupId' | 'clientIdPrefix' | 'partitionDiscoveryIntervalMs' | 'commitOffsetsOnCheckpoint' | 'onOffsetOutOfRange'
>

function chosenOf(options: KafkaSourceSettingsOptions): Chosen {
  const { groupId, clientIdPrefix, partitionDiscoveryIntervalMs, commitOffsetsOnCheckpoint, onOffsetOutOfRange } =
    options
  return withoutUndefined({
    groupId,
    clientIdPrefix,
    partitionDiscoveryIntervalMs,
    commitOffsetsOnCheckpoint,
    onOffsetOutOfRange,
  })
}

function sourceProperties(properties: PropertyReader): Chosen {
  const resets = { none: 'fail', earliest: 'earliest', latest: 'latest' } as const
  return withoutUndefined({
    groupId: properties.text('group.id'),
    clientIdPrefix: properties.text('client.id.prefix'),
    partitionDiscoveryIntervalMs: properties.integer('partition.discovery.interval.ms'),
    commitOffsetsOnCheckpoint: properties.boolean('commit.offsets.on.checkpoint'),
    onOffsetOutOfRange: properties.oneOf('auto.offset.reset', resets),
  })
}

function fetcherOptions(options: FetcherOptions, properties: PropertyReader): FetcherOptions {
  const { isolation, prefetchBytesMax, fetchBytesMax, partitionBytesMax, fetchBytesMin, fetchWaitMs, rackId } = options
  const isolations = { read_committed: 'read_committed', read_uncommitted: 'read_uncommitted' } as const
  const fromProperties = {
    isolation: properties.oneOf('isolation.level', isolations),
    fetchBytesMax: properties.integer('fetch.max.bytes'),
    partitionBytesMax: properties.integer('max.partition.fetch.bytes'),
    fetchBytesMin: properties.integer('fetch.min.bytes'),
    fetchWaitMs: properties.integer('fetch.max.wait.ms'),
    rackId: properties.text('client.rack'),
  }
  const chosen = { isolation, prefetchBytesMax, fetchBytesMax, partitionBytesMax, fetchBytesMin, fetchWaitMs, rackId }
  return { ...withoutUndefined(fromProperties), ...withoutUndefined(chosen) }
}

function subscriptionOf({ topics, topicPattern, partitions }: KafkaSourceSettingsOptions): Subscription {
  const given = [topics, topicPattern, partitions].filter((each) => each !== undefined)
  if (given.length !== 1) {
    throw invalid('topics', `exactly one of topics, topicPattern and partitions is needed, not ${given.length} of them`)
  }
  if (topicPattern !== undefined) return { topicPattern }
  if (partitions !== undefined) {
    if (partitions.length === 0) throw invalid('partitions', 'at least one is needed')
    const repeated = partitions.find(({ topic, partition }, i) =>
      partitions.slice(0, i).some((each) => each.topic === topic && each.partition === partition),
    )
    if (repeated !== undefined) throw invalid('partitions', `${repeated.topic}-${repeated.partition} is named twice`)
    return { partitions }
  }
  const names = [...new Set(typeof topics === 'string' ? [topics] : topics)]
  if (names.length === 0 || names.includes(''))
    throw invalid('topics', 'at least one name is needed, and none is empty')
  return { topics: names }
}

function checkDeadLetters(options: DeadLetterOptions): void {
  const { deadLetter, transactionalIdPrefix: prefix, transactionTimeoutMs: timeoutMs } = options
  const refuse = (reason: string) => invalid('onDeserializationError', reason)
  if (deadLetter === '') throw refuse('deadLetter is the name of a topic, and not empty')
  if (prefix === '' || prefix?.includes('/')) {
    throw refuse(`transactionalIdPrefix must not be empty, nor have a "/": "${prefix}"`)
  }
  if (timeoutMs === undefined) return
  if (prefix === undefined) throw refuse('transactionTimeoutMs is that of transactions. Pass transactionalIdPrefix too')
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw refuse(`transactionTimeoutMs must be milliseconds, at least 1, not ${timeoutMs}`)
  }
}

function checkGroup(groupId: string | undefined, start: StartingOffsets, stop: StoppingOffsets | undefined): void {
  if (groupId !== undefined) return
  const isStart = start === 'committed' || (typeof start === 'object' && 'committedOrElse' in start)
  if (isStart) throw invalid('startingOffsets', 'committed offsets are those of a group. Pass its groupId')
  if (stop === 'committed') throw invalid('bounded', 'committed offsets are those of a group. Pass its groupId')
}

function invalid(option: string, reason: string): KafkaError {
  return new KafkaError('INVALID_OPTION', `Cannot make a Kafka source: ${option}: ${reason}.`, { option })
}
