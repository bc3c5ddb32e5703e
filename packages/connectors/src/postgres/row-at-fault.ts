import type { BatchWriter } from './batch-writer.ts'
import type { Query } from './postgres-connection.ts'
import { failureOf } from './statement-failure.ts'

/** A row that is refused, and with what. */
export interface RowAtFault<Row> {
  readonly row: Row
  readonly cause: unknown
}

/**
 * The first of `rows` that PostgreSQL refuses by itself: found by halving, in transactions that are rolled back. Undefined if it
 * takes several to be refused.
 */
export async function rowAtFault<T, Row>(
  rows: readonly Row[],
  writer: BatchWriter<T, Row>,
  query: Query,
): Promise<RowAtFault<Row> | undefined> {
  let suspects = rows
  while (suspects.length > 1) {
    const half = suspects.slice(0, suspects.length >> 1)
    const refusal = await refusalOf(half, writer, query)
    suspects = refusal === undefined ? suspects.slice(half.length) : half
  }
  const [row] = suspects
  if (row === undefined) return undefined
  const refusal = await refusalOf([row], writer, query)
  return refusal && { row, cause: refusal.cause }
}

async function refusalOf<T, Row>(
  rows: readonly Row[],
  writer: BatchWriter<T, Row>,
  query: Query,
): Promise<{ readonly cause: unknown } | undefined> {
  await query('begin')
  try {
    await writer.execute(rows, query)
    return undefined
  } catch (cause) {
    if (!failureOf(cause).isOfRow) throw cause
    return { cause }
  } finally {
    await query('rollback')
  }
}
