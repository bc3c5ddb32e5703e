import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import { kafkaDriverNames } from './driver-context.ts'
import { type ClusterAccess, describeKafkaDriver } from './driver-suite.ts'
import { brokers, sasl } from './kafka.ts'

const plain = (): ClusterAccess => ({
  connection: { bootstrapServers: brokers().split(',') },
  toolServers: brokers(),
})

const secure = (): ClusterAccess => {
  const { bootstrapServers, certificate, username, password } = sasl()
  const connection = {
    bootstrapServers: bootstrapServers.split(','),
    tls: { ca: certificate },
    sasl: { mechanism: 'scram-sha-512', username, password },
  } as const
  return { connection, toolServers: brokers() }
}

for (const name of kafkaDriverNames) {
  describeKafkaDriver(`on connections of ${name}`, kafkaDriverFor(name), plain)
  describeKafkaDriver(`on connections of ${name}, by SCRAM over TLS`, kafkaDriverFor(name), secure)
}
