import { ConnectionLostError, type ConnectionSettings } from '../connection/broker-connection.ts'
import type { KafkaDriverContext } from '../connection-options.ts'
import { KafkaError } from '../kafka-error.ts'

/** How long a topic may be unknown before it counts as not there: brokers learn of new ones at different times. */
export const unknownTopicGraceMs = 10_000

/** Brokers ask to be asked again soon while they finish the transaction before. */
export const concurrentTransactionsBackoffMs = 20

/** Waiting is told when it has lasted that long, and each time it has doubled. */
export const longWaitMs = 5_000

/** Thrown by an attempt that may be made again. */
export class RetriableError extends Error {
  override readonly name: string = 'RetriableError'
  readonly reason: Error

  constructor(reason: Error) {
    super(reason.message, { cause: reason })
    this.reason = reason
  }
}

/** Makes attempts until one succeeds, or the time is over, with waits that double. */
export class Retrier {
  readonly #settings: ConnectionSettings
  readonly #context: KafkaDriverContext
  readonly #wakes: Set<() => void> = new Set<() => void>()
  #isClosed = false

  constructor(settings: ConnectionSettings, context: KafkaDriverContext) {
    this.#settings = settings
    this.#context = context
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Ends all waits; attempts after that fail with `CLOSED`. */
  close(): void {
    this.#isClosed = true
    for (const wake of this.#wakes) wake()
  }

  /** `what` completes "Cannot ...". `run` rejects with `RetriableError` or `ConnectionLostError` for another attempt. */
  async run<T>(what: string, facts: Readonly<Record<string, unknown>>, run: () => Promise<T>): Promise<T> {
    const startedAt = this.#context.clock.monotonicMs()
    let toldAtMs = longWaitMs / 2
    for (let attempt = 0; ; attempt++) {
      if (this.#isClosed) throw closed(what)
      try {
        return await run()
      } catch (error) {
        if (this.#isClosed) throw closed(what)
        if (!(error instanceof RetriableError || error instanceof ConnectionLostError)) throw error
        const reason = error instanceof RetriableError ? error.reason : error
        const waitedMs = this.#context.clock.monotonicMs() - startedAt
        const backoffMs = this.backoffMs(attempt, reason)
        if (waitedMs + backoffMs > this.#limitMs(reason)) throw gaveUp(what, facts, reason, waitedMs)
        const isLong = waitedMs >= toldAtMs * 2
        if (isLong) toldAtMs = waitedMs
        const notice = `Cannot ${what} yet, trying again`
        const details = { ...facts, ...addressOf(reason), reason: reason.message, attempt }
        if (isLong) this.#context.logger.warn(notice, { ...details, waitedMs: Math.round(waitedMs) })
        else this.#context.logger.debug(notice, details)
        await this.sleep(backoffMs)
      }
    }
  }

  /** Before the next attempt, the first being 0. */
  backoffMs(attempt: number, reason?: Error): number {
    if (reason instanceof KafkaError && reason.facts.brokerError === 'CONCURRENT_TRANSACTIONS') {
      return concurrentTransactionsBackoffMs
    }
    const { retryBackoffMs, retryBackoffMaxMs } = this.#settings
    return Math.min(retryBackoffMs * 2 ** Math.min(attempt, 20), retryBackoffMaxMs)
  }

  /** Resolves early on `close`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakes.delete(wake)
        cancel()
        resolve()
      }
      const cancel = this.#context.clock.schedule(ms, wake)
      this.#wakes.add(wake)
      if (this.#isClosed) wake()
    })
  }

  #limitMs(reason: Error): number {
    const { retryTimeoutMs } = this.#settings
    if (reason instanceof KafkaError && reason.code === 'UNKNOWN_TOPIC')
      return Math.min(unknownTopicGraceMs, retryTimeoutMs)
    return retryTimeoutMs
  }
}

/** The broker that was lost, for logs. */
export function addressOf(reason: Error): { readonly broker?: string } {
  return reason instanceof ConnectionLostError ? { broker: reason.address } : {}
}

export function closed(what: string): KafkaError {
  return new KafkaError('CLOSED', `Cannot ${what}: the connection to Kafka was closed meanwhile.`)
}

/** What to tell when the time for retries is over. */
export function gaveUp(
  what: string,
  facts: Readonly<Record<string, unknown>>,
  reason: Error,
  waitedMs: number,
): KafkaError {
  const seconds = (waitedMs / 1_000).toFixed(1)
  if (reason instanceof ConnectionLostError) {
    return new KafkaError(
      'BROKER_UNREACHABLE',
      `Cannot ${what}: no answer from broker ${reason.address} in ${seconds} s of trying: ${reason.message}. ` +
        'Check that Kafka runs there, and that this address is the one to reach it by (advertised.listeners of the broker).',
      { ...facts, broker: reason.address, waitedMs },
      { cause: reason },
    )
  }
  if (reason instanceof KafkaError && reason.code !== 'BROKER_ERROR') return reason
  return new KafkaError(
    'TIMED_OUT',
    `Cannot ${what}: given up after ${seconds} s of trying. At last: ${reason.message}`,
    { ...facts, waitedMs },
    { cause: reason },
  )
}
