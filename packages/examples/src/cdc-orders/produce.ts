import { parseArgs } from 'node:util'
import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { jsonFormat, KafkaSink } from '@millrace/connectors/kafka'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { type ChangeEvent, generateChange } from './generate-change.ts'

/**
 * The shop, and Debezium behind its database: a job that writes changes of orders to a topic, keyed by order, some of them more
 * than once. One subtask makes them, so that those of an order come in order.
 */
export default defineJob('shop', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: 'localhost:9092' },
      output: { type: 'string', default: 'shop.public.orders' },
      changes: { type: 'string' },
      rate: { type: 'string', default: '2000' },
    },
  })
  const generator = { generator: generateChange, recordsPerSecond: Number(values.rate) }
  const changes = new DataGeneratorSource(
    values.changes === undefined ? generator : { ...generator, count: Number(values.changes) },
  )
  env.setParallelism(1)
  env
    .fromSource(changes, WatermarkStrategy.noWatermarks(), 'Changes of the shop')
    .uid('changes')
    .sinkTo(
      new KafkaSink<ChangeEvent>({
        bootstrapServers: values.brokers,
        recordSerializer: {
          topic: values.output,
          key: ({ before, after }) => JSON.stringify({ id: (after ?? before)?.id }),
          value: jsonFormat<ChangeEvent>(),
        },
      }),
    )
    .name('Topic')
    .uid('topic')
})
