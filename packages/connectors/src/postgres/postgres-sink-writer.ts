import type { SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import { Batch } from './batch.ts'
import type { BatchWriter } from './batch-writer.ts'
import { failedStatement } from './failed-statement.ts'
import { inTransaction } from './in-transaction.ts'
import { PostgresConnection } from './postgres-connection.ts'
import type { PostgresSinkSettings } from './postgres-sink-settings.ts'
import { rowAtFault } from './row-at-fault.ts'
import { failureOf } from './statement-failure.ts'

/**
 * Collects rows, and sends them in batches. While one batch is under way the next one is collected, and when that is full as
 * well, input waits: so at most two batches are in memory.
 */
export class PostgresSinkWriter<T, Row> implements SinkWriter<T> {
  readonly #settings: PostgresSinkSettings
  readonly #writer: BatchWriter<T, Row>
  readonly #context: SinkWriterContext
  readonly #connection: PostgresConnection
  #batch: Batch<Row> = new Batch<Row>()
  /** The batch under way. Never rejects. */
  #sending: Promise<void> | undefined
  /** The interval has passed while another batch was under way. */
  #isDue = false
  #cancelInterval: (() => void) | undefined
  #failure: unknown

  constructor(settings: PostgresSinkSettings, writer: BatchWriter<T, Row>, context: SinkWriterContext) {
    this.#settings = settings
    this.#writer = writer
    this.#context = context
    const connection = { ...settings.connection, applicationName: `millrace ${context.jobInfo.jobName}` }
    const retries = context.metrics.counter('numRetries')
    this.#connection = new PostgresConnection(connection, settings.connect, settings, context, () => retries.inc())
  }

  /** Connects, and looks whether rows can be written. */
  async open(): Promise<void> {
    const { table, target } = this.#writer
    try {
      await this.#connection.run({ what: `write to ${target}`, table }, (query) => this.#writer.open(query))
    } catch (error) {
      this.#connection.close()
      throw error
    }
  }

  write(record: T): void | Promise<void> {
    this.#throwIfFailed()
    this.#writer.add(record, this.#batch)
    if (this.#isFull()) return this.#sendWhenFree()
    if (this.#cancelInterval === undefined && this.#settings.batchIntervalMs > 0) this.#startInterval()
  }

  async flush(): Promise<void> {
    // One that is due follows the one before.
    while (this.#sending !== undefined) await this.#sending
    this.#throwIfFailed()
    if (this.#batch.size > 0) await this.#send()
    this.#throwIfFailed()
  }

  async close(): Promise<void> {
    this.#stopInterval()
    this.#connection.close()
    await this.#sending
  }

  #isFull(): boolean {
    const { batchSize, batchBytes } = this.#settings
    return this.#batch.size >= batchSize || this.#batch.bytes >= batchBytes
  }

  #sendWhenFree(): void | Promise<void> {
    if (this.#sending === undefined) return void this.#send()
    return this.#sending.then(() => {
      this.#throwIfFailed()
      // What became due meanwhile has been sent.
      if (this.#isFull()) void this.#send()
    })
  }

  #startInterval(): void {
    this.#cancelInterval = this.#context.clock.schedule(this.#settings.batchIntervalMs, () => {
      this.#cancelInterval = undefined
      if (this.#sending !== undefined) this.#isDue = true
      else if (this.#batch.size > 0 && this.#failure === undefined) void this.#send()
    })
  }

  #stopInterval(): void {
    this.#cancelInterval?.()
    this.#cancelInterval = undefined
    this.#isDue = false
  }

  /** Nothing is under way. The promise never rejects. */
  #send(): Promise<void> {
    this.#stopInterval()
    const rows = this.#batch.rows()
    this.#batch = new Batch()
    const sending = this.#write(rows).then(
      () => {},
      (error: unknown) => {
        this.#failure ??= error
      },
    )
    this.#sending = sending.then(() => {
      this.#sending = undefined
      if (this.#isDue && this.#failure === undefined) void this.#send()
    })
    return this.#sending
  }

  async #write(rows: readonly Row[]): Promise<void> {
    const { clock, metrics } = this.#context
    const { target, table, isTransactional } = this.#writer
    const startedAtMs = clock.monotonicMs()
    const attempt = { what: `write ${rows.length} ${rows.length === 1 ? 'row' : 'rows'} to ${target}`, table }
    await this.#connection.run(attempt, async (query) => {
      try {
        const execute = () => this.#writer.execute(rows, query)
        await (isTransactional ? inTransaction(query, execute) : execute())
      } catch (cause) {
        const failure = failureOf(cause)
        if (!failure.isOfRow) throw cause
        const found = await rowAtFault(rows, this.#writer, query).catch(() => undefined)
        if (found === undefined) throw cause
        const row = this.#writer.preview(found.row)
        const { connection } = this.#settings
        throw failedStatement(attempt, connection, failureOf(found.cause), found.cause, { row })
      }
    })
    metrics.counter('numRecordsSend').inc(rows.length)
    metrics.counter('numBatchesSend').inc()
    metrics.gauge('currentSendTime').set(Math.round(clock.monotonicMs() - startedAtMs))
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
