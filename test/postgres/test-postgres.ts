import { findPostgres } from '../../scripts/postgres/postgres-installation.ts'
import { PostgresServer } from '../../scripts/postgres/postgres-server.ts'
import { dataDirectory } from '../kafka/data-directory.ts'

/** An empty database of the test's own, which takes about a second: `await using postgres = await startTestPostgres()`. */
export async function startTestPostgres(): Promise<PostgresServer> {
  const means = await findPostgres()
  if (means.kind === 'none') throw new Error(`PostgreSQL cannot run here: ${means.reason}`)
  return PostgresServer.start(means, dataDirectory())
}
