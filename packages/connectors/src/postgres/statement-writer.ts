import { preview } from '@millrace/runtime/connector'
import type { Batch } from './batch.ts'
import type { BatchWriter } from './batch-writer.ts'
import type { Query } from './postgres-connection.ts'

export type StatementRow = readonly unknown[]

/** What a value is taken to be large, unless it is a text or bytes. */
const valueBytes = 16

const preparable = /^\s*(insert|update|delete|merge|select|with|values)\b/i

/** Executes a statement once for each record, all of a batch in one transaction. */
export class StatementWriter<T> implements BatchWriter<T, StatementRow> {
  readonly table: undefined
  readonly target: string
  readonly isTransactional: boolean = true
  readonly #statement: string
  readonly #values: (record: T) => readonly unknown[]

  constructor(statement: string, values: (record: T) => readonly unknown[]) {
    this.#statement = statement
    this.#values = values
    this.target = `the statement ${preview(statement, 100)}`
  }

  /** Has PostgreSQL look at the statement without executing it, if it is of a kind that it can do that with. */
  async open(query: Query): Promise<void> {
    if (!preparable.test(this.#statement)) return
    // Both in one message: poolers in front of servers keep no session in between.
    await query(`prepare millrace_check as ${this.#statement}\n; deallocate millrace_check`)
  }

  add(record: T, batch: Batch<StatementRow>): void {
    const values = this.#values(record)
    const bytes = values.reduce<number>((sum, value) => sum + sizeOf(value), 0)
    batch.add(values, bytes)
  }

  async execute(rows: readonly StatementRow[], query: Query): Promise<void> {
    for (const values of rows) await query(this.#statement, values)
  }

  preview(row: StatementRow): string {
    return preview(row)
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  return value instanceof Uint8Array ? value.byteLength : valueBytes
}
