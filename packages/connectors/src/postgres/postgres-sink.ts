import type { Sink, SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import type { BatchWriter } from './batch-writer.ts'
import { invalidOption } from './connection-settings.ts'
import type { PostgresStatementOptions, PostgresTableOptions } from './postgres-sink-options.ts'
import { type PostgresSinkSettings, postgresSinkSettings } from './postgres-sink-settings.ts'
import { PostgresSinkWriter } from './postgres-sink-writer.ts'
import { StatementWriter } from './statement-writer.ts'
import { tableSettings } from './table-settings.ts'
import { TableWriter } from './table-writer.ts'

/**
 * Writes rows to a table of PostgreSQL 10 or newer, as Flink's JDBC sink does: in batches, over one connection a subtask.
 *
 * A checkpoint waits until all rows before it are in the table, so each is written at least once. With a primary key rows are
 * upserted, and writing one again changes nothing: so in the end the table is exact, whatever fails in between. After a restore it
 * goes back a little first, by what came after the checkpoint. All changes of one row have to come in order, and to one subtask:
 * key the stream by the primary key, unless it comes that way.
 *
 * A lost connection, a deadlock, a server that restarts: such failures are tried again, `maxRetries` times. Others fail the job,
 * and name table, SQLSTATE and row. Whatever is wrong with table, columns, key or rights is told when the job starts.
 *
 * Metrics: `numRecordsSend` (rows; of several with one key in a batch only the last is sent), `numBatchesSend`, `numRetries`,
 * `currentSendTime` (milliseconds of the last batch).
 *
 * @throws PostgresError `INVALID_OPTION` at once; `DATABASE_UNREACHABLE`, `TLS_FAILED`, `AUTHENTICATION_FAILED`,
 * `UNKNOWN_DATABASE`, `UNKNOWN_TABLE`, `UNKNOWN_COLUMN`, `NO_UNIQUE_CONSTRAINT`, `NOT_AUTHORIZED`, `INVALID_STATEMENT` when the job
 * starts; later also `INVALID_VALUE`, `CONSTRAINT_VIOLATED`, `TIMED_OUT`, `STATEMENT_FAILED`.
 *
 * @example
 * const stock = PostgresSink.forTable<{ sku: string; pieces: number }>({
 *   url: 'postgres://shop@localhost:5432/shop',
 *   table: 'stock',
 *   columns: ['sku', 'pieces'],
 *   primaryKey: 'sku',
 * })
 * const job = defineJob('stock', (env) => {
 *   env.fromElements({ sku: 'a1', pieces: 5 }, { sku: 'a1', pieces: 4 }).sinkTo(stock)
 * })
 * stock instanceof PostgresSink // -> true
 */
export class PostgresSink<T> implements Sink<T> {
  readonly #createWriter: (context: SinkWriterContext) => Promise<SinkWriter<T>>

  private constructor(createWriter: (context: SinkWriterContext) => Promise<SinkWriter<T>>) {
    this.#createWriter = createWriter
  }

  /**
   * Upserts rows, or appends them if there is no primary key, and deletes those that `isDelete` says.
   *
   * Values become JSON, from which PostgreSQL makes what the columns are: pass a text for any type, a number, a `bigint`, a
   * `Date`, bytes for `bytea`, an array for an array, an object for `json` and composite types. `undefined` is null.
   *
   * @throws PostgresError `INVALID_OPTION`.
   * @example
   * interface User { readonly id: number; readonly city: string }
   * const rowOf = ({ before, after }: Change<User>) => after ?? before
   * const users = PostgresSink.forTable<Change<User>>({
   *   url: 'postgres://shop@localhost:5432/shop',
   *   schema: 'crm',
   *   table: 'users',
   *   columns: { user_id: (change) => rowOf(change)?.id, city: (change) => rowOf(change)?.city.toUpperCase() },
   *   primaryKey: 'user_id',
   *   isDelete: ({ op }) => op === 'delete',
   *   batchSize: 1_000,
   * })
   * PostgresSink.forTable<User>({ table: 'users', columns: ['id', 'city'], primaryKey: 'user_id' }) // throws PostgresError: none of the columns, which are id, city
   */
  static forTable<T>(options: PostgresTableOptions<T>): PostgresSink<T> {
    const settings = postgresSinkSettings(options)
    const table = tableSettings(options)
    return new PostgresSink((context) => opened(settings, new TableWriter(table), context))
  }

  /**
   * Executes a statement of your own for each record; all records of a batch go in one transaction, each in one round trip. Write
   * it so that it may be executed twice with the same values.
   *
   * @throws PostgresError `INVALID_OPTION`.
   * @example
   * const visits = PostgresSink.forStatement<{ page: string; at: Date }>({
   *   url: 'postgres://shop@localhost:5432/shop',
   *   statement: 'insert into last_visit values ($1, $2) on conflict (page) do update set at = greatest(last_visit.at, excluded.at)',
   *   values: ({ page, at }) => [page, at],
   * })
   * PostgresSink.forStatement({ statement: ' ', values: () => [] }) // throws PostgresError: statement: it is empty
   */
  static forStatement<T>(options: PostgresStatementOptions<T>): PostgresSink<T> {
    const settings = postgresSinkSettings(options)
    const { statement, values } = options
    if (statement.trim() === '') throw invalidOption('statement', 'it is empty')
    return new PostgresSink((context) => opened(settings, new StatementWriter(statement, values), context))
  }

  createWriter(context: SinkWriterContext): Promise<SinkWriter<T>> {
    return this.#createWriter(context)
  }
}

async function opened<T, Row>(
  settings: PostgresSinkSettings,
  batches: BatchWriter<T, Row>,
  context: SinkWriterContext,
): Promise<SinkWriter<T>> {
  const writer = new PostgresSinkWriter(settings, batches, context)
  await writer.open()
  return writer
}
