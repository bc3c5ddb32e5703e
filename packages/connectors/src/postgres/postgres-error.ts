import { ConnectorError } from '@millrace/runtime/connector'

/**
 * What can go wrong with PostgreSQL. Codes are stable; several SQLSTATEs may share one.
 *
 * - `DATABASE_UNREACHABLE`: no connection, or it was lost, and the retries are used up.
 * - `TIMED_OUT`: a statement was not answered in time, and the retries are used up.
 * - `TLS_FAILED`, `AUTHENTICATION_FAILED`, `UNKNOWN_DATABASE`: the connection was refused as it is configured. Not retried.
 * - `NOT_AUTHORIZED`: the user may not do that to this table. Not retried.
 * - `UNKNOWN_TABLE`, `UNKNOWN_COLUMN`, `NO_UNIQUE_CONSTRAINT`: the table is not as the options say. Not retried.
 * - `INVALID_STATEMENT`: PostgreSQL does not understand the statement. Not retried.
 * - `INVALID_VALUE`: a value does not fit its column. Not retried.
 * - `CONSTRAINT_VIOLATED`: a row was refused by a constraint of the table. Not retried.
 * - `STATEMENT_FAILED`: any other answer of PostgreSQL; retried if it is one that may pass.
 * - `INVALID_OPTION`: an option makes no sense.
 * - `CLOSED`: the job was canceled, or has failed, meanwhile.
 */
export type PostgresErrorCode =
  | 'DATABASE_UNREACHABLE'
  | 'TIMED_OUT'
  | 'TLS_FAILED'
  | 'AUTHENTICATION_FAILED'
  | 'UNKNOWN_DATABASE'
  | 'NOT_AUTHORIZED'
  | 'UNKNOWN_TABLE'
  | 'UNKNOWN_COLUMN'
  | 'NO_UNIQUE_CONSTRAINT'
  | 'INVALID_STATEMENT'
  | 'INVALID_VALUE'
  | 'CONSTRAINT_VIOLATED'
  | 'STATEMENT_FAILED'
  | 'INVALID_OPTION'
  | 'CLOSED'

/**
 * The one error of the PostgreSQL connector. Its facts name the database, the table, the SQLSTATE and the row as far as they
 * are known; the cause is what PostgreSQL answered.
 *
 * @example
 * const error = new PostgresError('UNKNOWN_TABLE', 'Cannot write to table "ordres": there is none', { table: 'ordres' })
 * error.code // -> 'UNKNOWN_TABLE'
 * error.facts // -> { table: 'ordres' }
 */
export class PostgresError extends ConnectorError<PostgresErrorCode> {}
