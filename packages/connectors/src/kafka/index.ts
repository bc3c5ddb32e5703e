export type { ConnectionOptions } from './connection-properties.ts'
export type { KafkaConnectionOptions, KafkaDriverContext, SaslOptions } from './driver/connection-options.ts'
export type { FetchedRecord } from './driver/fetched-record.ts'
export type { KafkaDriver, KafkaDriverFactory, PartitionOffset, TopicPartition } from './driver/kafka-driver.ts'
export { KafkaError, type KafkaErrorCode } from './driver/kafka-error.ts'
export type { FetcherOptions, IsolationLevel } from './driver/kafka-fetcher.ts'
export type { Compression } from './driver/record-batch/compression.ts'
export type { RecordHeader } from './driver/record-batch/record-header.ts'
export { bytesFormat } from './formats/bytes-format.ts'
export { type Change, type ChangeOrigin, debeziumFormat } from './formats/debezium-format.ts'
export {
  type ConsumerRecord,
  fullRecord,
  type KafkaDeserializer,
  type KafkaRecord,
  valueOnly,
} from './formats/deserializer.ts'
export type { DeserializationFormat, KafkaFormat, SerializationFormat } from './formats/format.ts'
export { type FormatContext, FormatNotReady } from './formats/format-not-ready.ts'
export { jsonFormat } from './formats/json-format.ts'
export { msgpackFormat } from './formats/msgpack-format.ts'
export type { RecordPart } from './formats/record-part.ts'
export { stringFormat } from './formats/string-format.ts'
export type { KafkaProperties } from './kafka-properties.ts'
export type { KafkaBytes, KafkaHeader, KafkaRecordSerializer } from './sink/kafka-record-serializer.ts'
export { KafkaSink } from './sink/kafka-sink.ts'
export type { DeliveryGuarantee, KafkaSinkOptions, KafkaSinkSettingsOptions } from './sink/kafka-sink-options.ts'
export { KafkaSource } from './source/kafka-source.ts'
export type {
  DeserializerChoice,
  KafkaSourceOptions,
  KafkaSourceSettingsOptions,
} from './source/kafka-source-options.ts'
export type { KafkaSplit } from './source/kafka-split.ts'
export type { DeadLetterOptions, OnDeserializationError } from './source/poison-records.ts'
export type { StartingOffsets } from './source/starting-offsets.ts'
export type { StoppingOffsets } from './source/stopping-offsets.ts'
