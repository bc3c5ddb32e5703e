import { connectionSettings } from './connection/connection-settings.ts'
import { connectByKafkajs } from './connection/kafkajs-connection.ts'
import type { KafkaConnectionOptions, KafkaDriverContext } from './connection-options.ts'
import type { KafkaDriver } from './kafka-driver.ts'
import { ProtocolDriver } from './protocol-driver.ts'

/** The default driver. Opens nothing yet; throws `INVALID_OPTION` for options that make no sense. */
export function createKafkaDriver(options: KafkaConnectionOptions, context: KafkaDriverContext): KafkaDriver {
  return new ProtocolDriver(connectionSettings(options), context, connectByKafkajs)
}
