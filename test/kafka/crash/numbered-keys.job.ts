import { KafkaSink, KafkaSource } from '@millrace/connectors/kafka'
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
import { dieAtCrashPoint } from './die-at.ts'
import { dieWithParent } from './die-with-parent.ts'

dieAtCrashPoint()
dieWithParent()

interface Numbered {
  readonly key: string
  readonly number: number
}

interface Counted extends Numbered {
  readonly count: number
}

class Count implements KeyedProcessFunction<string, Numbered, Counted> {
  #count!: ValueState<number>

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG))
  }

  *processElement({ key, number }: Numbered, _context: KeyedProcessContext<string>): Iterable<Counted> {
    const count = (this.#count.value() ?? 0) + 1
    this.#count.update(count)
    yield { key, number, count }
  }
}

/**
 * Counts the records of each key, whose values are 1, 2, 3 ..., and writes for each of them `<number> <count>`: equal, if
 * state is exact. It ends after `recordsPerPartition` of each partition.
 */
export default defineJob('numbered-keys', (env, args) => {
  const [bootstrapServers = '', input = '', output = '', partitions = '', recordsPerPartition = ''] = args
  const source = new KafkaSource<Numbered>({
    bootstrapServers,
    topics: input,
    groupId: output,
    deserializer: (record) => ({ key: record.keyText()!, number: Number(record.valueText()) }),
    bounded: {
      offsets: Array.from({ length: Number(partitions) }, (_, partition) => ({
        topic: input,
        partition,
        offset: Number(recordsPerPartition),
      })),
    },
  })
  const sink = new KafkaSink<Counted>({
    bootstrapServers,
    deliveryGuarantee: 'exactly-once',
    transactionalIdPrefix: output,
    transactionTimeoutMs: 300_000,
    recordSerializer: {
      topic: output,
      key: ({ key }) => key,
      value: ({ number, count }) => `${number} ${count}`,
    },
  })
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'Numbers')
    .uid('numbers')
    .keyBy(({ key }) => key)
    .process(new Count())
    .uid('count')
    .sinkTo(sink)
    .uid('sink')
})
