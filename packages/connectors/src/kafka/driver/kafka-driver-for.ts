import type { KafkaDriverName } from '@millrace/runtime/connector'
import type { ConnectBroker } from './connection/broker-connection.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { connectByKafkajs } from './connection/kafkajs-connection.ts'
import { connectByPlatformatic } from './connection/platformatic-connection.ts'
import type { KafkaDriverFactory } from './kafka-driver.ts'
import { ProtocolDriver } from './protocol-driver.ts'

const connects: Readonly<Record<KafkaDriverName, ConnectBroker>> = {
  kafkajs: connectByKafkajs,
  platformatic: connectByPlatformatic,
}

/**
 * The driver on connections of that library (`kafka.driver`): how to reach, encrypt and log in is the library's, requests, records
 * and retries are ours and the same. It opens nothing yet, and throws `INVALID_OPTION` for options that make no sense.
 */
export function kafkaDriverFor(name: KafkaDriverName): KafkaDriverFactory {
  return (options, context) => new ProtocolDriver(connectionSettings(options), context, connects[name])
}
