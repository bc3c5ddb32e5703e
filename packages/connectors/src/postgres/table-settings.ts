import { invalidOption } from './connection-settings.ts'
import type { PostgresTableOptions } from './postgres-sink-options.ts'

/** What goes into one column. */
export interface Column<T> {
  readonly name: string
  readonly read: (record: T) => unknown
}

/** The options of a table, checked. */
export interface TableSettings<T> {
  readonly table: string
  readonly schema: string | undefined
  readonly columns: readonly Column<T>[]
  /** Names of some of the columns; empty if rows are appended. */
  readonly primaryKey: readonly string[]
  readonly isDelete: ((record: T) => boolean) | undefined
}

/** @throws PostgresError `INVALID_OPTION`. */
export function tableSettings<T>(options: PostgresTableOptions<T>): TableSettings<T> {
  const { table, schema, primaryKey = [], isDelete } = options
  if (table === '') throw invalidOption('table', 'it is empty')
  if (schema === '') throw invalidOption('schema', 'it is empty. Leave it out for the search path of the user')
  const columns = columnsOf(options)
  const names = columns.map(({ name }) => name)
  if (names.length === 0) throw invalidOption('columns', 'at least one is needed')
  const repeated = names.find((name, i) => names.indexOf(name) < i)
  if (repeated !== undefined) throw invalidOption('columns', `"${repeated}" is named twice`)
  const key = typeof primaryKey === 'string' ? [primaryKey] : primaryKey
  const foreign = key.find((name) => !names.includes(name))
  if (foreign !== undefined) {
    throw invalidOption('primaryKey', `"${foreign}" is none of the columns, which are ${names.join(', ')}`)
  }
  if (isDelete !== undefined && key.length === 0) {
    throw invalidOption('isDelete', 'rows are deleted by their primary key. Pass primaryKey as well')
  }
  return { table, schema, columns, primaryKey: [...new Set(key)], isDelete }
}

function columnsOf<T>({ columns }: PostgresTableOptions<T>): readonly Column<T>[] {
  if (!isNames(columns)) return Object.entries(columns).map(([name, read]) => ({ name, read }))
  return columns.map((name) => ({ name, read: (record: T) => record[name] }))
}

function isNames<T>(columns: PostgresTableOptions<T>['columns']): columns is readonly (string & keyof T)[] {
  return Array.isArray(columns)
}
