import { messageOf } from '../../message-of.ts'
import type { KafkaDriverContext } from '../connection-options.ts'
import { KafkaError } from '../kafka-error.ts'
import { apiVersionsRequest } from '../protocol/admin-requests.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import { type BrokerConnection, ConnectionLostError, type ConnectionSettings } from './broker-connection.ts'
import { refusal } from './refusals.ts'

export interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

interface UnderWay {
  readonly reject: (reason: ConnectionLostError) => void
  /** Resolves when it has settled in one way or the other. */
  readonly settled: Promise<void>
}

/** After the time for connecting, so that a library that keeps it can say more. */
const graceMs = 1_000

/**
 * What connections of all libraries have in common: which versions the broker speaks, how long an answer may take, what
 * becomes of requests when the connection ends, and that nothing is sent while the user logs in again. A library's class
 * opens, exchanges and closes.
 */
export abstract class NegotiatedConnection implements BrokerConnection {
  readonly address: string
  protected readonly settings: ConnectionSettings
  readonly #context: KafkaDriverContext
  readonly #underWay: Set<UnderWay> = new Set<UnderWay>()
  #versions: ReadonlyMap<number, VersionRange> = new Map()
  #isClosed = false
  #isDisconnected = false
  /** Past the first answer we know that the broker is spoken to as it expects. */
  #isProven = false
  #loggingIn: Promise<void> | undefined
  #waiting = 0

  constructor(address: string, settings: ConnectionSettings, context: KafkaDriverContext) {
    this.address = address
    this.settings = settings
    this.#context = context
  }

  /** Connects and logs in, and calls `negotiate` when requests can be exchanged. */
  protected abstract connect(): Promise<void>
  /** Called in the order in which requests are to leave. For a request without an answer it resolves when that has left. */
  protected abstract exchange<T>(request: WireRequest<T>): Promise<T>
  /** Closes the socket without waiting for answers. Called once. */
  protected abstract disconnect(): void
  /** Whether the broker will soon ask for the user again: it limits the time of a login. */
  protected abstract readonly isLoginEnding: boolean
  protected abstract logInAgain(): Promise<void>

  get isOpen(): boolean {
    return !this.#isClosed
  }

  async open(): Promise<void> {
    try {
      await this.#withinTime('no connection', this.connect())
    } catch (error) {
      this.close()
      throw error
    }
  }

  async send<T>(request: WireRequest<T>): Promise<T> {
    this.#checkVersion(request)
    if (this.isLoginEnding) this.#loggingIn ??= this.#logInAgain()
    if (this.#loggingIn !== undefined || this.#waiting > 0) await this.#turn()
    try {
      const answer = await this.#exchange(request)
      this.#isProven = true
      return answer
    } catch (cause) {
      // An answer that did not come in time or cannot be read leaves the connection in doubt.
      this.close()
      if (cause instanceof KafkaError) throw cause
      if (!this.#isProven) throw refusal(this.address, this.settings, 'first-request', cause)
      if (cause instanceof ConnectionLostError) throw cause
      throw new ConnectionLostError(this.address, `${request.apiName}: ${messageOf(cause)}`, { cause })
    }
  }

  close(): void {
    if (this.#isDisconnected) return
    this.#isDisconnected = true
    this.ended('the connection was closed')
    this.disconnect()
  }

  /** To be called when the socket has ended, whoever ended it. Requests that libraries forget then would never settle. */
  protected ended(reason: string): void {
    this.#isClosed = true
    const lost = new ConnectionLostError(this.address, reason)
    for (const { reject } of this.#underWay) reject(lost)
  }

  protected async negotiate(): Promise<ReadonlyMap<number, VersionRange>> {
    try {
      const { error, apis } = await this.#exchange(apiVersionsRequest())
      if (error !== 0) throw new Error(`the broker does not tell its versions (error ${error})`)
      this.#versions = new Map(apis.map(({ apiKey, ...range }) => [apiKey, range]))
      return this.#versions
    } catch (cause) {
      throw refusal(this.address, this.settings, 'first-request', cause)
    }
  }

  #checkVersion({ apiKey, apiName, apiVersion }: WireRequest<unknown>): void {
    const range = this.#versions.get(apiKey)
    if (range !== undefined && apiVersion >= range.minVersion && apiVersion <= range.maxVersion) return
    const spoken = range === undefined ? 'none' : `${range.minVersion} to ${range.maxVersion}`
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      `Cannot send ${apiName} in version ${apiVersion} to broker ${this.address}, which knows ${spoken}. Use a broker from 2.5 on.`,
      { broker: this.address, apiName, apiVersion },
    )
  }

  #exchange<T>(request: WireRequest<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new ConnectionLostError(this.address, 'the connection was closed'))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const timeoutMs = this.settings.requestTimeoutMs + (request.extraTimeoutMs ?? 0)
    const stopTimer = this.#context.clock.schedule(timeoutMs, () => {
      reject(new ConnectionLostError(this.address, `${request.apiName}: no answer within ${timeoutMs} ms`))
    })
    const settle = (): void => {
      this.#underWay.delete(underWay)
      stopTimer()
    }
    const underWay: UnderWay = { reject, settled: promise.then(settle, settle) }
    this.#underWay.add(underWay)
    this.exchange(request).then(resolve, reject)
    return promise
  }

  /** Waits while the user logs in, behind those that wait already. */
  async #turn(): Promise<void> {
    this.#waiting++
    await this.#loggingIn
    this.#waiting--
  }

  /** Brokers take nothing else between the first and the last word of a login, so it begins when all is answered. */
  async #logInAgain(): Promise<void> {
    try {
      await Promise.all([...this.#underWay].map(({ settled }) => settled))
      if (!this.#isClosed) await this.#withinTime('no answer to a login', this.logInAgain())
    } catch {
      // The next connection meets the reason, and tells it.
      this.close()
    }
    this.#loggingIn = undefined
  }

  /** Libraries keep the time too, and not in all cases. */
  async #withinTime(failure: string, done: Promise<void>): Promise<void> {
    const { connectionTimeoutMs } = this.settings
    const { promise, reject } = Promise.withResolvers<never>()
    const stopTimer = this.#context.clock.schedule(connectionTimeoutMs + graceMs, () => {
      reject(new ConnectionLostError(this.address, `${failure} within ${connectionTimeoutMs} ms`))
    })
    try {
      await Promise.race([done, promise])
    } finally {
      stopTimer()
    }
  }
}
