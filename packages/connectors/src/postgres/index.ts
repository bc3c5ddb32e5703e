export type { ConnectionSettings } from './connection-settings.ts'
export type { PostgresClient, PostgresClientFactory, StatementResult } from './postgres-client.ts'
export { PostgresError, type PostgresErrorCode } from './postgres-error.ts'
export { PostgresSink } from './postgres-sink.ts'
export type {
  PostgresColumns,
  PostgresConnectionOptions,
  PostgresExecutionOptions,
  PostgresStatementOptions,
  PostgresTableOptions,
} from './postgres-sink-options.ts'
