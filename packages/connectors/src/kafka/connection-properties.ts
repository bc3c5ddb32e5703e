import type { KafkaConnectionOptions, SaslOptions } from './driver/connection-options.ts'
import { KafkaError } from './driver/kafka-error.ts'
import { type PropertyReader, withoutUndefined } from './kafka-properties.ts'

/** How to reach a cluster, in the words of sources and sinks. */
export interface ConnectionOptions
  extends Pick<
    KafkaConnectionOptions,
    | 'tls'
    | 'sasl'
    | 'connectionTimeoutMs'
    | 'requestTimeoutMs'
    | 'retryTimeoutMs'
    | 'retryBackoffMs'
    | 'retryBackoffMaxMs'
  > {
  /** `host:port`, several separated by commas or as an array; any of them may be down. */
  readonly bootstrapServers?: string | readonly string[]
}

/** What options say, and else the properties by Kafka's names. */
export function connectionOptions(options: ConnectionOptions, properties: PropertyReader): KafkaConnectionOptions {
  const { bootstrapServers = [], tls, sasl, ...times } = options
  const { connectionTimeoutMs, requestTimeoutMs, retryTimeoutMs, retryBackoffMs, retryBackoffMaxMs } = times
  const servers = typeof bootstrapServers === 'string' ? serverList(bootstrapServers) : [...bootstrapServers]
  const fromProperties = connectionProperties(properties)
  const connection: KafkaConnectionOptions = {
    ...fromProperties,
    ...withoutUndefined({ tls, sasl }),
    ...withoutUndefined({ connectionTimeoutMs, requestTimeoutMs, retryTimeoutMs, retryBackoffMs, retryBackoffMaxMs }),
    bootstrapServers: servers.length > 0 ? servers : fromProperties.bootstrapServers,
  }
  if (connection.bootstrapServers.length > 0) return connection
  throw new KafkaError(
    'INVALID_OPTION',
    'Cannot connect to Kafka: bootstrapServers names no broker. Pass at least one, as "localhost:9092".',
    { option: 'bootstrapServers' },
  )
}

function connectionProperties(properties: PropertyReader): KafkaConnectionOptions {
  const protocol = properties.oneOf('security.protocol', {
    PLAINTEXT: { tls: false, sasl: false },
    SSL: { tls: true, sasl: false },
    SASL_PLAINTEXT: { tls: false, sasl: true },
    SASL_SSL: { tls: true, sasl: true },
  })
  const sasl = saslProperties(properties)
  return {
    bootstrapServers: serverList(properties.text('bootstrap.servers') ?? ''),
    ...withoutUndefined({
      tls: protocol?.tls,
      sasl: protocol?.sasl === false ? undefined : sasl,
      connectionTimeoutMs: properties.integer('socket.connection.setup.timeout.ms'),
      requestTimeoutMs: properties.integer('request.timeout.ms'),
      retryTimeoutMs: properties.integer('default.api.timeout.ms'),
      retryBackoffMs: properties.integer('retry.backoff.ms'),
      retryBackoffMaxMs: properties.integer('retry.backoff.max.ms'),
    }),
  }
}

function saslProperties(properties: PropertyReader): SaslOptions | undefined {
  const mechanism = properties.oneOf('sasl.mechanism', {
    PLAIN: 'plain',
    'SCRAM-SHA-256': 'scram-sha-256',
    'SCRAM-SHA-512': 'scram-sha-512',
  } as const)
  const jaas = properties.text('sasl.jaas.config')
  if (mechanism === undefined || jaas === undefined) return undefined
  const value = (name: string) => new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`).exec(jaas)
  const username = value('username')
  const password = value('password')
  if (username === null || password === null) {
    throw new KafkaError(
      'INVALID_OPTION',
      'Cannot use the property "sasl.jaas.config": it must have username="..." and password="...".',
      { option: 'sasl.jaas.config' },
    )
  }
  return {
    mechanism,
    username: username[1] ?? username[2] ?? '',
    password: password[1] ?? password[2] ?? '',
  }
}

function serverList(text: string): readonly string[] {
  return text
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
}
