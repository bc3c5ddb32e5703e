import { expect, test } from 'vitest'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'
import { kafkaSourceSettings } from './kafka-source-settings.ts'
import type { DeadLetterOptions } from './poison-records.ts'

test("Properties have Kafka's names, and options go before them", () => {
  const settings = kafkaSourceSettings({
    topics: 't',
    clientIdPrefix: 'mine',
    properties: {
      'bootstrap.servers': 'one:9092, two:9092',
      'group.id': 'g',
      'client.id.prefix': 'theirs',
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': 'org.example.ScramLoginModule required username="ann" password="p=w;x";',
      'isolation.level': 'read_uncommitted',
      'fetch.max.wait.ms': '100',
      'max.partition.fetch.bytes': 2_000_000,
      'auto.offset.reset': 'latest',
      'partition.discovery.interval.ms': -1,
      'commit.offsets.on.checkpoint': 'false',
      'request.timeout.ms': 5_000,
    },
    requestTimeoutMs: 7_000,
  })
  expect(settings).toMatchObject({
    connection: {
      bootstrapServers: ['one:9092', 'two:9092'],
      tls: true,
      sasl: { mechanism: 'scram-sha-512', username: 'ann', password: 'p=w;x' },
      requestTimeoutMs: 7_000,
    },
    clientIdPrefix: 'mine',
    groupId: 'g',
    isolation: 'read_uncommitted',
    fetcher: { fetchWaitMs: 100, partitionBytesMax: 2_000_000, isolation: 'read_uncommitted' },
    onOffsetOutOfRange: 'latest',
    partitionDiscoveryIntervalMs: 0,
    commitOffsetsOnCheckpoint: false,
  })
})

const bootstrapServers = 'localhost:9092'

test.each<[string, KafkaSourceSettingsOptions]>([
  ['bootstrapServers names no broker', { topics: 't' }],
  ['exactly one of topics, topicPattern and partitions is needed, not 0', { bootstrapServers }],
  [
    'exactly one of topics, topicPattern and partitions is needed, not 2',
    { bootstrapServers, topics: 't', topicPattern: /t/ },
  ],
  ['at least one name is needed', { bootstrapServers, topics: [] }],
  [
    't-1 is named twice',
    {
      bootstrapServers,
      partitions: [
        { topic: 't', partition: 1 },
        { topic: 't', partition: 1 },
      ],
    },
  ],
  ['bounded is given as well', { bootstrapServers, topics: 't', bounded: 'latest', unbounded: 'latest' }],
  ['Pass its groupId', { bootstrapServers, topics: 't', startingOffsets: 'committed' }],
  ['Pass its groupId', { bootstrapServers, topics: 't', bounded: 'committed' }],
  ['it must be milliseconds', { bootstrapServers, topics: 't', partitionDiscoveryIntervalMs: 0.5 }],
  [
    '"fetch.max.bites" 1: it has no meaning here',
    { bootstrapServers, topics: 't', properties: { 'fetch.max.bites': 1 } },
  ],
  ['it must be an integer', { bootstrapServers, topics: 't', properties: { 'fetch.min.bytes': '1k' } }],
  ['it must be one of read_committed', { bootstrapServers, topics: 't', properties: { 'isolation.level': 'none' } }],
])('A source is refused, as %s', (reason, options) => {
  expect(() => kafkaSourceSettings(options)).toThrow(reason)
})

test.each<[string, DeadLetterOptions]>([
  ['not empty', { deadLetter: '' }],
  ['transactionalIdPrefix must not be empty', { deadLetter: 'd', transactionalIdPrefix: '' }],
  ['nor have a "/": "a/b"', { deadLetter: 'd', transactionalIdPrefix: 'a/b' }],
  ['Pass transactionalIdPrefix too', { deadLetter: 'd', transactionTimeoutMs: 1_000 }],
  ['must be milliseconds, at least 1, not 0', { deadLetter: 'd', transactionalIdPrefix: 'a', transactionTimeoutMs: 0 }],
])('Dead letters are refused, as %s', (reason, onDeserializationError) => {
  expect(() => kafkaSourceSettings({ bootstrapServers, topics: 't', onDeserializationError })).toThrow(reason)
})

test('A password that is refused is not shown', () => {
  const properties = { 'ssl.keystore.password': 'secret' }
  expect(() => kafkaSourceSettings({ bootstrapServers, topics: 't', properties })).toThrow(
    /Cannot use the property "ssl.keystore.password": it has no meaning here/,
  )
})
