import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { jsonFormat, KafkaSink, KafkaSource } from '@millrace/connectors/kafka'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { orderSchema } from './order.ts'
import { sumOf, type Total, totalOf } from './total.ts'

/**
 * Writes the running total of each customer with each order, keyed by customer: exactly once for whoever reads
 * `read_committed`, whatever fails in between. Totals appear with checkpoints, every second.
 */
export default defineJob('orders-by-customer', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: 'localhost:9092' },
      input: { type: 'string', default: 'orders' },
      output: { type: 'string', default: 'order-totals' },
      group: { type: 'string', default: 'orders-by-customer' },
      checkpoints: { type: 'string', default: 'orders-by-customer' },
      'dead-letters': { type: 'string' },
      bounded: { type: 'boolean', default: false },
    },
  })
  const deadLetter = values['dead-letters']
  env.setParallelism(2)
  env.enableCheckpointing(1_000)
  env.configure({
    // From where the user stands, not from here; -D goes before it.
    'execution.checkpointing.dir': resolve(values.checkpoints),
    // So that --resume goes on after Ctrl-C as well.
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
  })

  const orders = new KafkaSource({
    bootstrapServers: values.brokers,
    topics: values.input,
    groupId: values.group,
    // Without a checkpoint there are no totals to go on from: all orders are read.
    startingOffsets: 'earliest',
    ...(values.bounded ? { bounded: 'latest' } : {}),
    valueOnlyDeserializer: jsonFormat(orderSchema),
    onDeserializationError: deadLetter === undefined ? 'fail' : { deadLetter },
  })
  const totals = new KafkaSink<Total>({
    bootstrapServers: values.brokers,
    recordSerializer: { topic: values.output, key: ({ customer }) => customer, value: jsonFormat<Total>() },
    deliveryGuarantee: 'exactly-once',
    transactionalIdPrefix: values.group,
  })

  env
    .fromSource(orders, WatermarkStrategy.noWatermarks(), 'Orders')
    .uid('orders')
    .map(totalOf)
    .name('One order')
    .keyBy(({ customer }) => customer)
    .reduce(sumOf)
    .name('Running total')
    .uid('running-total')
    .sinkTo(totals)
    .name('Totals')
    .uid('totals')
})
