import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import { kafkaDriverNames } from './driver-context.ts'
import { describeKafkaDriver } from './driver-suite.ts'

for (const name of kafkaDriverNames) describeKafkaDriver(`on connections of ${name}`, kafkaDriverFor(name))
