import { parseArgs } from 'node:util'
import { KafkaSink, KafkaSource, stringFormat } from '@millrace/connectors/kafka'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'

/**
 * The simplest job on Kafka: what arrives in one topic goes to another one in upper case, at least once. A run starts where
 * the group's last one has told Kafka that it was.
 */
export default defineJob('kafka-uppercase', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: 'localhost:9092' },
      input: { type: 'string', default: 'lines' },
      output: { type: 'string', default: 'uppercase-lines' },
      group: { type: 'string', default: 'kafka-uppercase' },
      bounded: { type: 'boolean', default: false },
    },
  })
  env.enableCheckpointing(1_000)

  const lines = new KafkaSource({
    bootstrapServers: values.brokers,
    topics: values.input,
    groupId: values.group,
    startingOffsets: { committedOrElse: 'earliest' },
    ...(values.bounded ? { bounded: 'latest' } : {}),
    valueOnlyDeserializer: stringFormat(),
  })
  const uppercase = new KafkaSink<string>({
    bootstrapServers: values.brokers,
    recordSerializer: { topic: values.output, value: stringFormat() },
  })

  env
    .fromSource(lines, WatermarkStrategy.noWatermarks(), 'Lines')
    .uid('lines')
    .map((line) => line.toUpperCase())
    .name('Uppercase')
    .sinkTo(uppercase)
    .name('Uppercase lines')
    .uid('uppercase-lines')
})
