import process from 'node:process'
import { findPostgres } from '../../scripts/postgres/postgres-installation.ts'
import { reportNotRun } from '../kafka/not-run.ts'

/**
 * Tests that need PostgreSQL, unless they are asked for: all of this folder, and those elsewhere that say so in their names.
 * The last line of the run says why; with `MILLRACE_REQUIRE_POSTGRES=1` the run fails then.
 */
export async function excludedForWantOfPostgres(): Promise<readonly string[]> {
  if (process.env.MILLRACE_REQUIRE_POSTGRES !== '1') {
    reportNotRun('Postgres', 'they are asked for by MILLRACE_REQUIRE_POSTGRES=1', false)
  } else {
    const means = await findPostgres()
    if (means.kind !== 'none') return []
    reportNotRun('Postgres', means.reason, true)
  }
  return ['test/postgres/**', '**/*.postgres.test.ts']
}
