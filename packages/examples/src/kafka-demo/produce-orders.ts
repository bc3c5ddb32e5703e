import { parseArgs } from 'node:util'
import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { jsonFormat, KafkaSink } from '@millrace/connectors/kafka'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { generateOrder, type Order } from '../running-totals/order.ts'
import { wholeNumberOption } from '../whole-number-option.ts'

/** The shop of the demo: a job of its own that writes orders to a topic at a steady rate, until it is canceled. */
export default defineJob('produce-orders', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: 'localhost:9092' },
      output: { type: 'string', default: 'orders' },
      rate: { type: 'string', default: '1000' },
    },
  })
  const recordsPerSecond = wholeNumberOption('rate', values.rate)
  env
    .fromSource(
      new DataGeneratorSource({ generator: generateOrder, recordsPerSecond }),
      WatermarkStrategy.noWatermarks(),
      'Shop',
    )
    .sinkTo(
      new KafkaSink<Order>({
        bootstrapServers: values.brokers,
        recordSerializer: { topic: values.output, key: ({ customer }) => customer, value: jsonFormat<Order>() },
      }),
    )
    .name('Orders')
})
