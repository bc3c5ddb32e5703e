import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { PostgresClientFactory } from './postgres-client.ts'

/**
 * Where the database is: a `url`, or its parts. What neither says comes from the environment, as PostgreSQL's own clients
 * have it: `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD` and the password file.
 */
export interface PostgresConnectionOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url?: string
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly username?: string
  readonly password?: string
  /** `true` asks for TLS, with a certificate that the machine trusts; or what TLS of Node is to be told, such as `ca`. */
  readonly ssl?: boolean | TlsOptions
  /** Default 10 s. */
  readonly connectTimeoutMs?: number
  /** What connects, for tests and other libraries. */
  readonly client?: PostgresClientFactory
}

/** When rows are sent, and how often again: in the words of Flink's `JdbcExecutionOptions`. */
export interface PostgresExecutionOptions {
  /** Rows are sent when there are so many; default 5,000. */
  readonly batchSize?: number
  /** Or when they are so large together, as JSON; default 8 MiB. */
  readonly batchBytes?: number
  /** Or so long after the first of them; default 1 s, 0 for never. At checkpoints and at the end of input they always are. */
  readonly batchIntervalMs?: number
  /** How often a batch is sent again after a failure that may pass, before the job fails; default 3. */
  readonly maxRetries?: number
  /** Before the first of them; each further one waits twice as long, up to 30 s. Default 1 s. */
  readonly retryBackoffMs?: number
  /** How long a statement may take before it counts as failed; default 60 s. */
  readonly statementTimeoutMs?: number
}

/**
 * The columns that are written, and what goes into them: names that columns and properties share, or a function for each
 * column.
 */
export type PostgresColumns<T> = readonly (string & keyof T)[] | { readonly [column: string]: (record: T) => unknown }

/** How a {@link PostgresSink} writes to a table. */
export interface PostgresTableOptions<T> extends PostgresConnectionOptions, PostgresExecutionOptions {
  /** The name as it is, not folded to lower case: names of tables and columns are quoted. */
  readonly table: string
  /** Without it the table is looked for in the user's search path. */
  readonly schema?: string
  readonly columns: PostgresColumns<T>
  /**
   * Columns that together are the primary key of the table, or have another unique index. With it rows are upserted, without
   * it they are appended. A key is written the same way in all records: `1.0` and `1`, or an `A` and an `a` that a collation
   * takes for equal, are two keys here.
   */
  readonly primaryKey?: string | readonly string[]
  /** Of these records the row with the same primary key is deleted. */
  readonly isDelete?: (record: T) => boolean
}

/** How a {@link PostgresSink} executes a statement of your own. */
export interface PostgresStatementOptions<T> extends PostgresConnectionOptions, PostgresExecutionOptions {
  /** Executed once for each record, with `$1`, `$2` and so on for its values. */
  readonly statement: string
  readonly values: (record: T) => readonly unknown[]
}
