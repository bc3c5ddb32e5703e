import type { Batch } from './batch.ts'
import type { Query } from './postgres-connection.ts'

/** Makes rows of records, and statements of rows. */
export interface BatchWriter<T, Row> {
  /** The table, for errors, if it is known. */
  readonly table: string | undefined
  /** What it writes to, completing "Cannot write 5 rows to ...". */
  readonly target: string
  /** Called once, before all others, and again if it failed. Fails if rows could not be written later on. */
  open(query: Query): Promise<void>
  /** Throws for a record that no row can be made of. */
  add(record: T, batch: Batch<Row>): void
  /** Whether `execute` wants all or nothing of its statements. */
  readonly isTransactional: boolean
  /** Repeating it is allowed; where it is not transactional, a part of it may have been done by an attempt that failed. */
  execute(rows: readonly Row[], query: Query): Promise<void>
  /** The row in a message. */
  preview(row: Row): string
}
