import pg from 'pg'
import type { ConnectionSettings } from './connection-settings.ts'
import type { PostgresClient, StatementResult } from './postgres-client.ts'

/** A connection of the `pg` package, which only this file names. */
export async function connectPg(connection: ConnectionSettings): Promise<PostgresClient> {
  const { url, host, port, database, username, password, ssl, connectTimeoutMs, applicationName } = connection
  const given = { connectionString: url, host, port, database, user: username, password, ssl }
  const client = new pg.Client({
    // The package takes what is missing from PGHOST and so on; an undefined of ours would count as given.
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(applicationName === '' ? {} : { application_name: applicationName }),
  })
  // A connection that is lost while nothing is asked shows at the next query.
  client.on('error', () => {})
  const close = () => client.end().catch(() => {})
  try {
    await client.connect()
  } catch (error) {
    void close()
    throw error
  }
  return {
    async query(text: string, values?: readonly unknown[]): Promise<StatementResult> {
      // Without a name: prepared statements would tie the sink to a session, which poolers in front of servers share out.
      const { rows } = await client.query<Record<string, unknown>>(text, values as unknown[] | undefined)
      return { rows }
    },
    close,
  }
}
