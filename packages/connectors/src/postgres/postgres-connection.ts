import type { SinkWriterContext } from '@millrace/runtime/connector'
import { addressOf, type ConnectionSettings } from './connection-settings.ts'
import { type Attempt, failedStatement } from './failed-statement.ts'
import type { PostgresClient, PostgresClientFactory, StatementResult } from './postgres-client.ts'
import { PostgresError } from './postgres-error.ts'
import { failureOf, StatementTimeoutError } from './statement-failure.ts'

/** How attempts are made, and made again. */
export interface AttemptSettings {
  readonly maxRetries: number
  readonly retryBackoffMs: number
  readonly statementTimeoutMs: number
}

const retryBackoffMsMax = 30_000

/** What an attempt may ask of the connection that it has. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<StatementResult>

/**
 * The connection of one writer. It is made when it is first needed, and made anew after it was lost. Every promise settles:
 * each statement has its time, and each run its number of attempts.
 */
export class PostgresConnection {
  readonly #connection: ConnectionSettings
  readonly #connect: PostgresClientFactory
  readonly #settings: AttemptSettings
  readonly #context: Pick<SinkWriterContext, 'clock' | 'logger' | 'signal'>
  readonly #onRetry: () => void
  #isClosed = false
  #client: PostgresClient | undefined
  /** Ends the wait that is under way: there is one at a time. */
  #interrupt: () => void = () => {}

  constructor(
    connection: ConnectionSettings,
    connect: PostgresClientFactory,
    settings: AttemptSettings,
    context: Pick<SinkWriterContext, 'clock' | 'logger' | 'signal'>,
    onRetry: () => void,
  ) {
    this.#connection = connection
    this.#connect = connect
    this.#settings = settings
    this.#context = context
    this.#onRetry = onRetry
    context.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (context.signal.aborted) this.close()
  }

  get address(): string {
    return addressOf(this.#connection)
  }

  /** Runs `run` until it succeeds, or fails in a way that does not pass, or the retries are used up. */
  async run<T>(attempt: Attempt, run: (query: Query) => Promise<T>): Promise<T> {
    const { maxRetries } = this.#settings
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#tryOnce(run)
      } catch (cause) {
        if (cause instanceof PostgresError) throw cause
        const failure = failureOf(cause)
        if (!failure.mayPass || attempts > maxRetries) {
          throw failedStatement(attempt, this.#connection, failure, cause, { attempts })
        }
        this.#onRetry()
        const reason = cause instanceof Error ? cause.message : String(cause)
        const { sqlState } = failure
        const facts = { database: this.address, attempts, ...(sqlState && { sqlState }), reason }
        this.#context.logger.warn(`Cannot ${attempt.what} yet, trying again`, facts)
        await this.#sleep(Math.min(this.#settings.retryBackoffMs * 2 ** (attempts - 1), retryBackoffMsMax))
      }
    }
  }

  /** Rejects with what the client did, or with `CLOSED`. */
  async #tryOnce<T>(run: (query: Query) => Promise<T>): Promise<T> {
    try {
      const client = await this.#connected()
      return await run((text, values) => this.#query(client, text, values))
    } catch (error) {
      if (this.#isClosed) throw this.#closedError()
      if (!(error instanceof PostgresError) && failureOf(error).isConnectionLost) this.#discard()
      throw error
    }
  }

  /** Ends waits and statements under way, which are rejected with `CLOSED`. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    this.#interrupt()
    this.#discard()
  }

  readonly #onAbort = (): void => this.close()

  async #connected(): Promise<PostgresClient> {
    if (this.#client !== undefined) return this.#client
    if (this.#isClosed) throw this.#closedError()
    const connecting = this.#connect(this.#connection)
    // Whoever is closed meanwhile does not wait, and leaves no connection behind.
    connecting.then(
      (client) => (this.#isClosed ? void client.close() : undefined),
      () => {},
    )
    this.#client = await this.#interruptible(connecting)
    return this.#client
  }

  async #query(client: PostgresClient, text: string, values: readonly unknown[] | undefined): Promise<StatementResult> {
    const { statementTimeoutMs } = this.#settings
    const timeout = Promise.withResolvers<never>()
    const cancel = this.#context.clock.schedule(statementTimeoutMs, () => {
      timeout.reject(new StatementTimeoutError(`there was no answer within ${statementTimeoutMs} ms`))
    })
    try {
      return await this.#interruptible(Promise.race([client.query(text, values), timeout.promise]))
    } finally {
      cancel()
    }
  }

  #discard(): void {
    void this.#client?.close()
    this.#client = undefined
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#context.clock.schedule(ms, resolve)
    try {
      await this.#interruptible(promise)
    } finally {
      cancel()
    }
  }

  /** `promise`, or a rejection with `CLOSED` if this is closed before. */
  async #interruptible<T>(promise: Promise<T>): Promise<T> {
    if (this.#isClosed) throw this.#closedError()
    const interrupted = Promise.withResolvers<never>()
    this.#interrupt = () => interrupted.reject(this.#closedError())
    return await Promise.race([promise, interrupted.promise])
  }

  #closedError(): PostgresError {
    return new PostgresError(
      'CLOSED',
      `The connection to PostgreSQL (${this.address}) was closed: the job is ending.`,
      {
        database: this.address,
      },
    )
  }
}
