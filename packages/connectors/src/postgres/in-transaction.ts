import type { Query } from './postgres-connection.ts'

/** Runs `run` between `begin` and `commit`; if it fails, nothing of it is there. */
export async function inTransaction(query: Query, run: () => Promise<void>): Promise<void> {
  await query('begin')
  try {
    await run()
    await query('commit')
  } catch (error) {
    // If the connection is gone, so is the transaction.
    await query('rollback').catch(() => {})
    throw error
  }
}
