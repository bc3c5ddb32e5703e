import { bytesFormat, valueOnly } from '@millrace/connectors/kafka'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { CountingSink } from '../counting-sink.ts'
import { timedKafkaSource } from '../timed-kafka-source.ts'
import { kafkaBenchArguments } from './kafka-arguments.ts'

/** W6r: values of a topic as bytes, counted. */
export default defineJob('W6r', (env, args) => {
  env
    .fromSource(
      timedKafkaSource(kafkaBenchArguments(args), valueOnly(bytesFormat())),
      WatermarkStrategy.noWatermarks(),
      'Kafka',
    )
    .sinkTo(new CountingSink(({ length }) => length))
})
