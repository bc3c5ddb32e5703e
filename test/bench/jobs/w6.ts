import { jsonFormat, KafkaSink, stringFormat, valueOnly } from '@millrace/connectors/kafka'
import {
  defineJob,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'
import type { KafkaRecordFields } from '../kafka-record.ts'
import { timedKafkaSource } from '../timed-kafka-source.ts'
import { kafkaBenchArguments } from './kafka-arguments.ts'

interface Spending {
  readonly user: string
  readonly amount: number
}

/** W6: from topic to topic, with a running count for each of 100,000 users in between. */
export default defineJob('W6', (env, args) => {
  const told = kafkaBenchArguments(args)
  const sink = new KafkaSink<string>({
    bootstrapServers: told.brokers,
    recordSerializer: { topic: told.output, value: stringFormat() },
    deliveryGuarantee: told.guarantee,
    ...(told.guarantee === 'exactly-once' && { transactionalIdPrefix: told.output }),
    lingerMs: 5,
    batchBytes: 65_536,
    compression: 'none',
  })
  env
    .fromSource(
      timedKafkaSource(told, valueOnly(jsonFormat<KafkaRecordFields>())),
      WatermarkStrategy.noWatermarks(),
      'Kafka',
    )
    .uid('source')
    .map(({ user, amount }): Spending => ({ user, amount }))
    .uid('spendings')
    .keyBy(({ user }) => user)
    .process(new RunningCount())
    .uid('running-count')
    .sinkTo(sink)
    .uid('sink')
})

class RunningCount implements KeyedProcessFunction<string, Spending, string> {
  #count!: ValueState<number>

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG))
  }

  processElement({ user }: Spending, _: KeyedProcessContext<string>, out: { collect(record: string): void }): void {
    const count = (this.#count.value() ?? 0) + 1
    this.#count.update(count)
    out.collect(`${user},${count}`)
  }
}
