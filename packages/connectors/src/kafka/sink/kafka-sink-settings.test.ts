import { expect, test } from 'vitest'
import type { KafkaSinkSettingsOptions } from './kafka-sink-options.ts'
import { kafkaSinkSettings } from './kafka-sink-settings.ts'

const bootstrapServers = 'a:9092'
const settings = (options: KafkaSinkSettingsOptions = {}) => kafkaSinkSettings({ bootstrapServers, ...options })

test('Without options a sink writes at least once, in batches of 64 KiB, for 5 ms each', () => {
  expect(settings()).toEqual({
    connection: { bootstrapServers: ['a:9092'] },
    clientIdPrefix: 'millrace',
    createDriver: undefined,
    deliveryGuarantee: 'at-least-once',
    transactionalIdPrefix: '',
    transactionTimeoutMs: 900_000,
    lingerMs: 5,
    batchBytes: 65_536,
    requestBytesMax: 1_048_576,
    pendingBytesMax: 33_554_432,
    metadataMaxAgeMs: 300_000,
    isIdempotent: true,
    producer: { acks: -1, compression: 'none', pendingBytesMax: 33_554_432, requestBytesMax: 1_048_576 },
  })
})

test("Properties by Kafka's names say the same as options, which go before them", () => {
  const properties = {
    'bootstrap.servers': 'b:9092',
    'client.id': 'totals',
    acks: 'all',
    'batch.size': '16384',
    'buffer.memory': 1_000_000,
    'compression.type': 'LZ4',
    'delivery.timeout.ms': 30_000,
    'enable.idempotence': 'false',
    'linger.ms': 100,
    'max.in.flight.requests.per.connection': 1,
    'max.request.size': 500_000,
    'metadata.max.age.ms': 60_000,
  }
  expect(kafkaSinkSettings({ properties, lingerMs: 7, batchBytes: 0 })).toEqual({
    connection: { bootstrapServers: ['b:9092'] },
    clientIdPrefix: 'totals',
    createDriver: undefined,
    deliveryGuarantee: 'at-least-once',
    transactionalIdPrefix: '',
    transactionTimeoutMs: 900_000,
    lingerMs: 7,
    batchBytes: 0,
    requestBytesMax: 500_000,
    pendingBytesMax: 1_000_000,
    metadataMaxAgeMs: 60_000,
    isIdempotent: false,
    producer: {
      acks: -1,
      compression: 'lz4',
      pendingBytesMax: 1_000_000,
      requestBytesMax: 500_000,
      deliveryTimeoutMs: 30_000,
      inFlightPerPartition: 1,
    },
  })
})

test('Exactly-once takes prefix and timeout', () => {
  const properties = { 'transaction.timeout.ms': 60_000 }
  expect(settings({ deliveryGuarantee: 'exactly-once', transactionalIdPrefix: 'totals', properties })).toMatchObject({
    deliveryGuarantee: 'exactly-once',
    transactionalIdPrefix: 'totals',
    transactionTimeoutMs: 60_000,
    isIdempotent: true,
  })
})

test('Small limits make small batches, and acks of the leader make a producer that is not idempotent', () => {
  expect(settings({ pendingBytesMax: 160_000, acks: 1 })).toMatchObject({ batchBytes: 10_000, isIdempotent: false })
})

const exactlyOnce = { deliveryGuarantee: 'exactly-once', transactionalIdPrefix: 'p' } as const
test.each<[KafkaSinkSettingsOptions, string]>([
  [{ bootstrapServers: ' , ' }, 'bootstrapServers names no broker'],
  [
    { deliveryGuarantee: 'exactly_once' as 'none' },
    'deliveryGuarantee: it must be none, at-least-once or exactly-once',
  ],
  [{ deliveryGuarantee: 'exactly-once' }, 'transactionalIdPrefix: exactly-once needs it'],
  [{ ...exactlyOnce, transactionalIdPrefix: '' }, 'transactionalIdPrefix: exactly-once needs it'],
  [{ ...exactlyOnce, transactionalIdPrefix: 'a/b' }, 'transactionalIdPrefix: it must not have a "/": "a/b"'],
  [{ transactionalIdPrefix: 'p' }, 'transactionalIdPrefix: only transactions have it'],
  [{ transactionTimeoutMs: 1_000 }, 'transactionTimeoutMs: only transactions have it'],
  [
    { ...exactlyOnce, transactionTimeoutMs: 0 },
    'transactionTimeoutMs: it must be an integer from 1 to 2147483647, not 0',
  ],
  [{ ...exactlyOnce, acks: 1 }, 'acks: exactly-once needs all in-sync replicas (-1), not 1'],
  [{ ...exactlyOnce, properties: { 'enable.idempotence': false } }, 'enable.idempotence: exactly-once needs it'],
  [
    { acks: 0, properties: { 'enable.idempotence': true } },
    'enable.idempotence: it needs acks of all in-sync replicas',
  ],
  [{ acks: 2 as 1 }, 'acks: it must be -1 (all in-sync replicas), 1 or 0, not 2'],
  [{ properties: { acks: '2' } }, 'Cannot use the property "acks" "2": it must be one of'],
  [{ compression: 'brotli' as 'gzip' }, 'Cannot use compression "brotli"'],
  [{ lingerMs: -1 }, 'lingerMs: it must be an integer from 0 to 2147483647, not -1'],
  [{ lingerMs: 0.5 }, 'lingerMs: it must be an integer'],
  [{ batchBytes: -1 }, 'batchBytes: it must be an integer from 0'],
  [{ batchBytes: 2_000_000 }, 'batchBytes: 2000000 is above requestBytesMax, which is 1048576. Raise that as well'],
  [{ batchBytes: 1_000, pendingBytesMax: 500 }, 'batchBytes: 1000 is above pendingBytesMax, which is 500'],
  [{ requestBytesMax: 0 }, 'requestBytesMax: it must be an integer from 1'],
  [{ deliveryTimeoutMs: 0 }, 'deliveryTimeoutMs: it must be an integer from 1'],
  [{ metadataMaxAgeMs: 0 }, 'metadataMaxAgeMs: it must be an integer from 1'],
  [{ properties: { 'max.in.flight.requests.per.connection': 0 } }, 'max.in.flight.requests.per.connection: it must be'],
  [
    { properties: { 'transactional.id': 'x' } },
    'Cannot use the property "transactional.id" "x": it has no meaning here',
  ],
])('%j is refused', (options, message) => {
  expect(() => settings(options)).toThrow(message)
})
