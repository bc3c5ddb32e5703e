import type { KafkaConnectionOptions, KafkaDriverContext } from '../connection-options.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import type { AnswerMemory } from './answer-memory.ts'

/**
 * One connection to one broker, past TLS and authentication. A broker works on the requests of a connection one after the other,
 * so those that may wait there (fetches) have connections of their own. Requests leave in the order of `send`.
 */
export interface BrokerConnection {
  /** `host:port`. */
  readonly address: string
  readonly isOpen: boolean
  /** Rejects with `ConnectionLostError` if the answer did not come; the request may have been carried out all the same. */
  send<T>(request: WireRequest<T>): Promise<T>
  /** What is under way is rejected. */
  close(): void
}

/**
 * Large answers may come in `memory`, and readers may give it back. Rejects with `ConnectionLostError` if it may work later, and
 * with a `KafkaError` if it will not as it is configured.
 */
export type ConnectBroker = (
  host: string,
  port: number,
  options: ConnectionSettings,
  context: KafkaDriverContext,
  memory: AnswerMemory,
) => Promise<BrokerConnection>

/** The options of users with the defaults filled in. */
export interface ConnectionSettings extends KafkaConnectionOptions {
  readonly clientId: string
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retryTimeoutMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

/** A broker could not be reached, went away or did not answer in time. Never leaves the driver as it is. */
export class ConnectionLostError extends Error {
  override readonly name: string = 'ConnectionLostError'
  readonly address: string

  constructor(address: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.address = address
  }
}
