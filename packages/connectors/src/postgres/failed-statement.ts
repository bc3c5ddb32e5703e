import { addressOf, type ConnectionSettings } from './connection-settings.ts'
import { PostgresError } from './postgres-error.ts'
import type { StatementFailure } from './statement-failure.ts'

/** What was attempted: `what` completes "Cannot ...". */
export interface Attempt {
  readonly what: string
  readonly table: string | undefined
}

/** The error that names what was attempted, where, what PostgreSQL said, and what would do. */
export function failedStatement(
  { what, table }: Attempt,
  connection: ConnectionSettings,
  failure: StatementFailure,
  cause: unknown,
  more: { readonly attempts?: number; readonly row?: string } = {},
): PostgresError {
  const { code, sqlState, isLasting, remedy } = failure
  const { attempts = 1, row } = more
  const database = addressOf(connection)
  const answer = answerOf(cause)
  const said = [
    `Cannot ${what} (${database})${attempts > 1 ? ` in ${attempts} attempts` : ''}: ${answer.message}`,
    answer.detail === undefined ? '' : `. ${answer.detail.replace(/\.$/, '')}`,
    sqlState === undefined ? '' : ` (SQLSTATE ${sqlState})`,
    row === undefined ? '' : `. The row: ${row}`,
    remedy === '' ? '.' : `. ${remedy}`,
  ]
  const { column, constraint } = answer
  const facts = { database, table, sqlState, column, constraint, row, attempts: attempts > 1 ? attempts : undefined }
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
  return new PostgresError(code, said.join(''), known, isLasting ? { cause, isLasting } : { cause })
}

/** What PostgreSQL tells beside its message, as far as it does. */
function answerOf(cause: unknown): {
  readonly message: string
  readonly detail: string | undefined
  readonly column: string | undefined
  readonly constraint: string | undefined
} {
  const text = (name: string) => {
    const value: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, name) : undefined
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  // Of several addresses that were tried, the error has its reasons one level deeper, and no message.
  const [first] = cause instanceof AggregateError ? (cause.errors as readonly unknown[]) : []
  const message = text('message') ?? (first instanceof Error ? first.message : String(cause))
  return { message, detail: text('detail'), column: text('column'), constraint: text('constraint') }
}
