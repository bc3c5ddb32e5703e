import type { ConnectionSettings } from './connection-settings.ts'

/** What a statement answered. */
export interface StatementResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/**
 * One connection to a PostgreSQL server: the seam between the sink and the library that speaks to it. Statements are sent one
 * after the other.
 */
export interface PostgresClient {
  /** Rejects with an error that has the SQLSTATE in `code`, if the server answered with one. */
  query(text: string, values?: readonly unknown[]): Promise<StatementResult>
  /** Ends the connection at once; statements under way are rejected. Never rejects. */
  close(): Promise<void>
}

/** Connects. Rejects as `query` does. */
export type PostgresClientFactory = (connection: ConnectionSettings) => Promise<PostgresClient>
