import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Clock, Logger } from '@millrace/runtime/connector'

/** Who connects, for listeners with SASL. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

/** How to reach a cluster. In parentheses: Kafka's name of the property. */
export interface KafkaConnectionOptions {
  /** `host:port`, one or more, any of which may be down. (`bootstrap.servers`) */
  readonly bootstrapServers: readonly string[]
  /** Shows in the logs and quotas of brokers. Default `millrace`. (`client.id`) */
  readonly clientId?: string
  /** `true`, or Node's options of a secure context (`ca`, `cert`, `key` ...). (`security.protocol`, `ssl.*`) */
  readonly tls?: boolean | TlsOptions
  readonly sasl?: SaslOptions
  /** How long to wait for a connection. Default 10 s. (`socket.connection.setup.timeout.ms`) */
  readonly connectionTimeoutMs?: number
  /** How long to wait for the answer to one request before it is tried again. Default 30 s. (`request.timeout.ms`) */
  readonly requestTimeoutMs?: number
  /** How long an operation is tried again, all together. Default 60 s. (`default.api.timeout.ms`) */
  readonly retryTimeoutMs?: number
  /** The first wait between two tries; it doubles up to the maximum. Default 50 ms and 1 s. (`retry.backoff.ms`) */
  readonly retryBackoffMs?: number
  /** (`retry.backoff.max.ms`) */
  readonly retryBackoffMaxMs?: number
}

/** What the world of a driver consists of. */
export interface KafkaDriverContext {
  readonly clock: Clock
  readonly logger: Logger
}
