import { type ConnectionSettings, checkedInteger, connectionSettings } from './connection-settings.ts'
import { connectPg } from './pg-client.ts'
import type { PostgresClientFactory } from './postgres-client.ts'
import type { AttemptSettings } from './postgres-connection.ts'
import type { PostgresConnectionOptions, PostgresExecutionOptions } from './postgres-sink-options.ts'

/** The options that all sinks have, checked and complete. */
export interface PostgresSinkSettings extends AttemptSettings {
  readonly connection: ConnectionSettings
  readonly connect: PostgresClientFactory
  readonly batchSize: number
  readonly batchBytes: number
  /** 0 for never. */
  readonly batchIntervalMs: number
}

/** @throws PostgresError `INVALID_OPTION`. Connects to nothing. */
export function postgresSinkSettings(
  options: PostgresConnectionOptions & PostgresExecutionOptions,
): PostgresSinkSettings {
  return {
    connection: connectionSettings(options),
    connect: options.client ?? connectPg,
    batchSize: checkedInteger('batchSize', options.batchSize ?? 5_000, 1),
    batchBytes: checkedInteger('batchBytes', options.batchBytes ?? 8 * 1024 * 1024, 1),
    batchIntervalMs: checkedInteger('batchIntervalMs', options.batchIntervalMs ?? 1_000, 0),
    maxRetries: checkedInteger('maxRetries', options.maxRetries ?? 3, 0),
    retryBackoffMs: checkedInteger('retryBackoffMs', options.retryBackoffMs ?? 1_000, 1),
    statementTimeoutMs: checkedInteger('statementTimeoutMs', options.statementTimeoutMs ?? 60_000, 1),
  }
}
