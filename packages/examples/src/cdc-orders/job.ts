import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { debeziumFormat, KafkaSource } from '@millrace/connectors/kafka'
import { PostgresSink } from '@millrace/connectors/postgres'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { NewestChanges } from './newest-changes.ts'
import { type OrderChange, type OrderRow, orderChanges } from './order-row.ts'

/**
 * Keeps a table of a report as the orders of a shop are: changes as Debezium tells them, each order's in order and once, upserted
 * into PostgreSQL. Upserts may be repeated, so the table is exact whatever fails in between.
 */
export default defineJob('cdc-orders', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: 'localhost:9092' },
      input: { type: 'string', default: 'shop.public.orders' },
      group: { type: 'string', default: 'cdc-orders' },
      database: { type: 'string' },
      table: { type: 'string', default: 'order_report' },
      remember: { type: 'string', default: '24' },
      checkpoints: { type: 'string', default: 'cdc-orders' },
      bounded: { type: 'boolean', default: false },
    },
  })
  const rememberHours = Number(values.remember)
  if (!(rememberHours > 0)) throw new Error(`--remember must be hours, more than 0, not ${values.remember}`)
  env.enableCheckpointing(1_000)
  env.configure({
    // From where the user stands, not from here; -D goes before it.
    'execution.checkpointing.dir': resolve(values.checkpoints),
    'execution.checkpointing.savepoint-dir': resolve(values.checkpoints, 'savepoints'),
    // So that --resume goes on after Ctrl-C as well.
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
  })

  const changes = new KafkaSource({
    bootstrapServers: values.brokers,
    topics: values.input,
    groupId: values.group,
    startingOffsets: 'earliest',
    ...(values.bounded ? { bounded: 'latest' } : {}),
    valueOnlyDeserializer: debeziumFormat<OrderRow>(),
  })
  const report = PostgresSink.forTable<OrderChange>({
    // Else what PGHOST, PGDATABASE and so on say.
    ...(values.database === undefined ? {} : { url: values.database }),
    table: values.table,
    columns: {
      order_id: ({ orderId }) => orderId,
      customer: ({ customer }) => customer,
      status: ({ status }) => status,
      amount: ({ amount }) => amount,
      updated_at: ({ updatedAtMs }) => new Date(updatedAtMs),
    },
    primaryKey: 'order_id',
    isDelete: ({ isDelete }) => isDelete,
    batchIntervalMs: 200,
  })

  env
    .fromSource(changes, WatermarkStrategy.noWatermarks(), 'Changes')
    .uid('changes')
    .flatMap(orderChanges)
    .name('For the report')
    .keyBy(({ orderId }) => orderId)
    .process(new NewestChanges(rememberHours * 3_600_000))
    .name('Newest changes')
    .uid('newest-changes')
    .sinkTo(report)
    .name('Report')
    .uid('report')
})
