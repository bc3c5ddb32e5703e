import process from 'node:process'
import { findPostgres } from '../../scripts/postgres/postgres-installation.ts'
import { reportNotRun } from '../kafka/not-run.ts'

/**
 * Tests that need PostgreSQL, if this machine has none: all of this folder, and those elsewhere that say so in their names.
 * The last line of the run says why; with `MILLRACE_REQUIRE_POSTGRES=1` the run fails then.
 */
export async function excludedForWantOfPostgres(): Promise<readonly string[]> {
  const means = await findPostgres()
  if (means.kind !== 'none') return []
  reportNotRun('Postgres', means.reason, process.env.MILLRACE_REQUIRE_POSTGRES === '1')
  return ['test/postgres/**', '**/*.postgres.test.ts']
}
