import { join } from 'node:path'

/** What a cluster is, as far as its configuration files go. */
export interface ClusterLayout {
  /** Absolute. Everything of the cluster lies below it. */
  readonly directory: string
  /** The first broker's; the next have the ports after it. */
  readonly port: number
  readonly brokerCount: number
  /** A second listener for each broker, with TLS and SASL. */
  readonly sasl: boolean
  /** More of Kafka's properties; they win over ours. */
  readonly properties: Readonly<Record<string, string>>
}

/** Brokers only listen here. */
export const loopback = '127.0.0.1'

/** Brokers from 1 on. Their ports follow each other, so do those of the controllers and of the listeners with SASL. */
export const brokerCountMax = 9

/** Of broker `id`, for clients without credentials. */
export function plainPort(layout: Pick<ClusterLayout, 'port'>, id: number): number {
  return layout.port + id - 1
}

/** Of broker `id`, among controllers. */
export function controllerPort(layout: Pick<ClusterLayout, 'port'>, id: number): number {
  return layout.port + 10 + id - 1
}

/** Of broker `id`, for clients with credentials. */
export function saslPort(layout: Pick<ClusterLayout, 'port'>, id: number): number {
  return layout.port + 20 + id - 1
}

/** 1, 2, ... */
export function brokerIds(layout: Pick<ClusterLayout, 'brokerCount'>): readonly number[] {
  return Array.from({ length: layout.brokerCount }, (_, index) => index + 1)
}

/** The only user of the listener with SASL. Made for tests on loopback: no secret. */
export const saslUser = 'millrace'
export const saslPassword = 'millrace-on-loopback'

/** Of the key store and the trust store. */
export const storePassword = 'on-loopback'

/** Where broker `id` keeps what. Its properties file also tells its process from all others. */
export function brokerFiles(directory: string, id: number): { properties: string; data: string; log: string } {
  return {
    properties: join(directory, `broker-${id}.properties`),
    data: join(directory, `data-${id}`),
    log: join(directory, `broker-${id}.log`),
  }
}

/** The text of broker `id`'s properties: it is a controller too, so one process makes a whole cluster. */
export function brokerProperties(layout: ClusterLayout, id: number): string {
  const replicas = String(Math.min(3, layout.brokerCount))
  const inSync = String(Math.min(2, layout.brokerCount))
  const voters = brokerIds(layout).map((voter) => `${voter}@${loopback}:${controllerPort(layout, voter)}`)
  const plain = `PLAINTEXT://${loopback}:${plainPort(layout, id)}`
  const listeners = [plain, ...(layout.sasl ? [`SASL_SSL://${loopback}:${saslPort(layout, id)}`] : [])]
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    listeners: [...listeners, `CONTROLLER://${loopback}:${controllerPort(layout, id)}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': voters.join(','),
    'log.dirs': brokerFiles(layout.directory, id).data,

    // A topic that nobody has made is an error worth seeing.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,

    // Small and prompt: 50 partitions for each of these take a second to make, and nobody shall wait for a rebalance.
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
    // So long after it was killed a broker is missed, and so long one that was killed and started again waits to be let in
    // (9 s by default). Much less, and a busy machine gives up brokers that live.
    'broker.session.timeout.ms': '5000',
    'broker.heartbeat.interval.ms': '1000',
    // Expired transactions are aborted sooner (10 s).
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    ...(layout.sasl ? saslProperties(layout.directory) : {}),
    ...layout.properties,
  }
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}`)
  return `${lines.join('\n')}\n`
}

function saslProperties(directory: string): Readonly<Record<string, string>> {
  const module = (name: string) => `org.apache.kafka.common.security.${name} required`
  return {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN',
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': `${module('scram.ScramLoginModule')};`,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `${module('scram.ScramLoginModule')};`,
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${module('plain.PlainLoginModule')} user_${saslUser}="${saslPassword}";`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': join(directory, 'broker.p12'),
    'ssl.keystore.password': storePassword,
    // So that tests can take permissions away from the user with credentials.
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
    'super.users': 'User:ANONYMOUS',
  }
}
