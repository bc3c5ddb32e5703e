import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import { describeKafkaDriver } from './driver-suite.ts'

describeKafkaDriver('on connections of kafkajs', createKafkaDriver)
