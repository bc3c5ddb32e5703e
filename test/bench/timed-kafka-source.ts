import { type KafkaDeserializer, KafkaSource, type KafkaSplit } from '@millrace/connectors/kafka'
import type { Source } from '@millrace/runtime/connector'
import type { KafkaBenchArguments } from './jobs/kafka-arguments.ts'
import { partitionCount } from './kafka-record.ts'
import { nowUs } from './now.ts'
import { timedSource } from './timed-source.ts'

/** Reads the first records of a topic, and reports when the first one was deserialized: finding partitions is outside. */
export function timedKafkaSource<T>(
  { brokers, topic, recordCount }: KafkaBenchArguments,
  deserialize: KafkaDeserializer<T>,
): Source<T, KafkaSplit> {
  // Each thread builds the job, and has one reader.
  let firstRecordUs = 0
  const offset = recordCount / partitionCount
  const source = new KafkaSource<T>({
    bootstrapServers: brokers,
    topics: topic,
    bounded: { offsets: Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition, offset })) },
    deserializer: (record) => {
      if (firstRecordUs === 0) firstRecordUs = nowUs()
      return deserialize(record)
    },
  })
  return timedSource(source, () => firstRecordUs)
}
