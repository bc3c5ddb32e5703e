import { preview } from '@millrace/runtime/connector'
import { PostgresError } from './postgres-error.ts'

/**
 * A row as a JSON object, which PostgreSQL makes values of the columns' types from: numbers keep their digits, texts are read as
 * that type (`timestamptz`, `numeric`, `bytea`, an enum ...), arrays fill array columns, and objects `json` and composite ones.
 *
 * @throws PostgresError `INVALID_VALUE` for what has no JSON.
 */
export function jsonRow(names: readonly string[], values: readonly unknown[], table: string): string {
  let row = '{'
  for (let i = 0; i < names.length; i++) {
    if (i > 0) row += ','
    row += `${JSON.stringify(names[i])}:${jsonOf(values[i], names[i]!, table)}`
  }
  return `${row}}`
}

/** The JSON of the value of column `column`; `null` if there is none. */
function jsonOf(value: unknown, column: string, table: string): string {
  try {
    return JSON.stringify(jsonValueOf(value))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PostgresError(
      'INVALID_VALUE',
      `Cannot write ${preview(value)} to column "${column}" of table "${table}": ${reason}. Pass a text, a number, a Date, ` +
        'bytes, or what JSON can hold.',
      { table, column, value: preview(value) },
      { cause, isLasting: true },
    )
  }
}

/** What stands for a value where JSON has no such thing. PostgreSQL reads texts as values of the column's type. */
function jsonValueOf(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      if (value instanceof Date) return value.toISOString()
      if (value instanceof Uint8Array)
        return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
      return Array.isArray(value) ? value.map(jsonValueOf) : value
    case 'function':
    case 'symbol':
      throw new TypeError(`a ${typeof value} is no value of a database`)
    default:
      return value
  }
}
