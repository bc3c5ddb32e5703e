import process from 'node:process'
import { findPostgres } from '../../scripts/postgres/postgres-installation.ts'
import { reportNotRun } from '../kafka/not-run.ts'

/**
 * Tests that need PostgreSQL, if this machine has none: all of this folder, and those elsewhere that say so in their names.
 * One of the last lines of the run says why; with `MILLRACE_REQUIRE_POSTGRES=1` the run fails then.
 */
export async function excludedForWantOfPostgres(debian?: string): Promise<readonly string[]> {
  const means = await findPostgres(process.env, debian)
  if (means.kind !== 'none') return []
  reportNotRun('PostgreSQL', means.reason, process.env.MILLRACE_REQUIRE_POSTGRES === '1')
  return ['test/postgres/**', '**/*.postgres.test.ts']
}
