import type { KafkaDriverFactory } from './kafka-driver.ts'
import { kafkaDriverFor } from './kafka-driver-for.ts'

/** The default driver. */
export const createKafkaDriver: KafkaDriverFactory = kafkaDriverFor('kafkajs')
