import { connectionOptions } from '../connection-properties.ts'
import type { KafkaConnectionOptions } from '../driver/connection-options.ts'
import type { KafkaDriverFactory } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { ProducerOptions } from '../driver/kafka-producer.ts'
import { type Compression, checkCompression } from '../driver/record-batch/compression.ts'
import { PropertyReader, withoutUndefined } from '../kafka-properties.ts'
import type { DeliveryGuarantee, KafkaSinkSettingsOptions } from './kafka-sink-options.ts'

const batchBytesDefault = 64 * 1024
/** With room for fewer, a writer would wait for each of them. */
const batchesPendingMin = 16
const requestBytesMaxDefault = 1024 * 1024
const pendingBytesMaxDefault = 32 * 1024 * 1024
/** The brokers' default for their maximum. */
const transactionTimeoutMsDefault = 15 * 60 * 1000
/** The longest that a timer takes. */
const timerMsMax = 2 ** 31 - 1
const bytesMax = 1024 * 1024 * 1024

/** The options of a sink, checked and complete. */
export interface KafkaSinkSettings {
  readonly connection: KafkaConnectionOptions
  readonly clientIdPrefix: string
  /** Undefined: the one that the job's configuration names. */
  readonly createDriver: KafkaDriverFactory | undefined
  readonly deliveryGuarantee: DeliveryGuarantee
  /** Empty unless the guarantee is `exactly-once`. */
  readonly transactionalIdPrefix: string
  readonly transactionTimeoutMs: number
  readonly lingerMs: number
  readonly batchBytes: number
  readonly requestBytesMax: number
  readonly pendingBytesMax: number
  /** After so long the partitions of topics are looked up again. */
  readonly metadataMaxAgeMs: number
  /** Whether brokers drop what a retry has written twice. Always with `exactly-once`. */
  readonly isIdempotent: boolean
  /** All but the identity. */
  readonly producer: Omit<ProducerOptions, 'identity'>
}

/** Throws `INVALID_OPTION` or `UNSUPPORTED_COMPRESSION` for what makes no sense. Connects to nothing. */
export function kafkaSinkSettings(options: KafkaSinkSettingsOptions): KafkaSinkSettings {
  const properties = new PropertyReader(options.properties)
  const connection = connectionOptions(options, properties)
  const chosen: Chosen = { ...sinkProperties(properties), ...chosenOf(options) }
  const inFlightPerPartition = properties.integer('max.in.flight.requests.per.connection')
  const enableIdempotence = properties.boolean('enable.idempotence')
  properties.checkAllTaken()

  const { deliveryGuarantee = 'at-least-once' } = options
  if (!['none', 'at-least-once', 'exactly-once'].includes(deliveryGuarantee)) {
    throw invalid('deliveryGuarantee', `it must be none, at-least-once or exactly-once, not "${deliveryGuarantee}"`)
  }
  const isExactlyOnce = deliveryGuarantee === 'exactly-once'
  const { acks = -1, compression = 'none', lingerMs = 5 } = chosen
  if (![-1, 0, 1].includes(acks)) throw invalid('acks', `it must be -1 (all in-sync replicas), 1 or 0, not ${acks}`)
  if (isExactlyOnce && acks !== -1) throw invalid('acks', `exactly-once needs all in-sync replicas (-1), not ${acks}`)
  if (enableIdempotence === false && isExactlyOnce) throw invalid('enable.idempotence', 'exactly-once needs it')
  if (enableIdempotence === true && acks !== -1) {
    throw invalid('enable.idempotence', `it needs acks of all in-sync replicas (-1), not ${acks}`)
  }
  checkCompression(compression)
  const requestBytesMax = chosen.requestBytesMax ?? requestBytesMaxDefault
  const pendingBytesMax = chosen.pendingBytesMax ?? pendingBytesMaxDefault
  const batchBytes =
    chosen.batchBytes ?? Math.min(batchBytesDefault, requestBytesMax, Math.floor(pendingBytesMax / batchesPendingMin))
  checkRange('lingerMs', lingerMs, 0, timerMsMax)
  checkRange('requestBytesMax', requestBytesMax, 1, bytesMax)
  checkRange('pendingBytesMax', pendingBytesMax, 1, bytesMax)
  // 0 is Kafka's way to say that each record goes alone.
  checkRange('batchBytes', batchBytes, 0, bytesMax)
  checkNotAbove('batchBytes', batchBytes, 'requestBytesMax', requestBytesMax)
  checkNotAbove('batchBytes', batchBytes, 'pendingBytesMax', pendingBytesMax)
  const metadataMaxAgeMs = chosen.metadataMaxAgeMs ?? 5 * 60 * 1000
  checkRange('metadataMaxAgeMs', metadataMaxAgeMs, 1, Number.MAX_SAFE_INTEGER)
  if (chosen.deliveryTimeoutMs !== undefined) checkRange('deliveryTimeoutMs', chosen.deliveryTimeoutMs, 1, timerMsMax)
  if (inFlightPerPartition !== undefined) {
    checkRange('max.in.flight.requests.per.connection', inFlightPerPartition, 1, Number.MAX_SAFE_INTEGER)
  }
  return {
    connection,
    clientIdPrefix: chosen.clientIdPrefix ?? 'millrace',
    createDriver: options.driver,
    deliveryGuarantee,
    ...transactionSettings(options.transactionalIdPrefix, chosen.transactionTimeoutMs, isExactlyOnce),
    lingerMs,
    batchBytes,
    requestBytesMax,
    pendingBytesMax,
    metadataMaxAgeMs,
    isIdempotent: acks === -1 && enableIdempotence !== false,
    producer: {
      acks,
      compression,
      pendingBytesMax,
      requestBytesMax,
      ...withoutUndefined({ deliveryTimeoutMs: chosen.deliveryTimeoutMs, inFlightPerPartition }),
    },
  }
}

/** What both options and properties can say. */
type Chosen = Pick<
  KafkaSinkSettingsOptions,
  | 'acks'
  | 'batchBytes'
  | 'clientIdPrefix'
  | 'compression'
  | 'deliveryTimeoutMs'
  | 'lingerMs'
  | 'metadataMaxAgeMs'
  | 'pendingBytesMax'
  | 'requestBytesMax'
  | 'transactionTimeoutMs'
>

function chosenOf(options: KafkaSinkSettingsOptions): Chosen {
  const { acks, batchBytes, clientIdPrefix, compression, deliveryTimeoutMs, lingerMs } = options
  const { metadataMaxAgeMs, pendingBytesMax, requestBytesMax, transactionTimeoutMs } = options
  return withoutUndefined({
    acks,
    batchBytes,
    clientIdPrefix,
    compression,
    deliveryTimeoutMs,
    lingerMs,
    metadataMaxAgeMs,
    pendingBytesMax,
    requestBytesMax,
    transactionTimeoutMs,
  })
}

function sinkProperties(properties: PropertyReader): Chosen {
  const compressions: Readonly<Record<Compression, Compression>> = {
    none: 'none',
    gzip: 'gzip',
    snappy: 'snappy',
    lz4: 'lz4',
    zstd: 'zstd',
  }
  return withoutUndefined({
    acks: properties.oneOf('acks', { all: -1, '-1': -1, 1: 1, 0: 0 } as const),
    batchBytes: properties.integer('batch.size'),
    clientIdPrefix: properties.text('client.id'),
    compression: properties.oneOf('compression.type', compressions),
    deliveryTimeoutMs: properties.integer('delivery.timeout.ms'),
    lingerMs: properties.integer('linger.ms'),
    metadataMaxAgeMs: properties.integer('metadata.max.age.ms'),
    pendingBytesMax: properties.integer('buffer.memory'),
    requestBytesMax: properties.integer('max.request.size'),
    transactionTimeoutMs: properties.integer('transaction.timeout.ms'),
  })
}

function transactionSettings(
  prefix: string | undefined,
  timeoutMs: number | undefined,
  isExactlyOnce: boolean,
): Pick<KafkaSinkSettings, 'transactionalIdPrefix' | 'transactionTimeoutMs'> {
  if (!isExactlyOnce) {
    // Flink ignores them. But whoever names a prefix and gets duplicates has forgotten the guarantee.
    const given = prefix !== undefined ? 'transactionalIdPrefix' : 'transactionTimeoutMs'
    if (prefix !== undefined || timeoutMs !== undefined) {
      throw invalid(given, "only transactions have it. Pass deliveryGuarantee: 'exactly-once', or leave it out")
    }
    return { transactionalIdPrefix: '', transactionTimeoutMs: transactionTimeoutMsDefault }
  }
  if (prefix === undefined || prefix === '') {
    const advice = 'Pass one that no other sink of the cluster has, and keep it over restarts'
    throw invalid('transactionalIdPrefix', `exactly-once needs it. ${advice}`)
  }
  if (prefix.includes('/')) throw invalid('transactionalIdPrefix', `it must not have a "/": "${prefix}"`)
  const transactionTimeoutMs = timeoutMs ?? transactionTimeoutMsDefault
  checkRange('transactionTimeoutMs', transactionTimeoutMs, 1, timerMsMax)
  return { transactionalIdPrefix: prefix, transactionTimeoutMs }
}

function checkRange(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw invalid(option, `it must be an integer from ${min} to ${max}, not ${value}`)
}

function checkNotAbove(option: string, value: number, other: string, otherValue: number): void {
  if (value > otherValue)
    throw invalid(option, `${value} is above ${other}, which is ${otherValue}. Raise that as well`)
}

function invalid(option: string, reason: string): KafkaError {
  return new KafkaError('INVALID_OPTION', `Cannot make a Kafka sink: ${option}: ${reason}.`, { option })
}
