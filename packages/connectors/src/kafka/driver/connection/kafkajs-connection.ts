// The only place that names kafkajs. Of it we use one class, which opens a connection, authenticates, and matches
// answers with requests; requests themselves are ours. It has no door for that, hence the paths into the package,
// and its exact version in the manifest.

import { createRequire } from 'node:module'
import { messageOf } from '../../message-of.ts'
import type { KafkaDriverContext } from '../connection-options.ts'
import { KafkaError } from '../kafka-error.ts'
import { apiVersionsRequest } from '../protocol/admin-requests.ts'
import { WireReader } from '../protocol/wire-reader.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import { WireWriter } from '../protocol/wire-writer.ts'
import { type BrokerConnection, ConnectionLostError, type ConnectionSettings } from './broker-connection.ts'
import { refusal } from './refusals.ts'

interface RawRequest {
  readonly request: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly expectResponse: () => boolean
    /** Something with the fields of its encoder that are looked at. */
    readonly encode: () => { readonly buf: Buffer; readonly buffer: Buffer }
  }
  readonly response: {
    readonly decode: (payload: Buffer) => { readonly payload: Buffer; readonly clientSideThrottleTime: null }
    readonly parse: (decoded: { readonly payload: Buffer }) => unknown
  }
  readonly logResponseError: boolean
}

type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

interface RawConnection {
  readonly requestQueue: { scheduleCheckPendingRequests: () => void }
  connect(): Promise<unknown>
  isConnected(): boolean
  authenticate(): Promise<void>
  setVersions(versions: Versions): void
  setSupportAuthenticationProtocol(isSupported: boolean): void
  send(request: RawRequest): Promise<unknown>
  rejectRequests(error: Error): void
  disconnect: () => Promise<unknown>
}

const require = createRequire(import.meta.url)
const RawConnectionClass = require('kafkajs/src/network/connection') as new (
  options: Record<string, unknown>,
) => RawConnection
const createSocketFactory = require('kafkajs/src/network/socketFactory') as () => unknown

const saslAuthenticateKey = 36

/** After the time for connecting, which the library keeps, and not in all cases. */
const graceMs = 1_000

export async function connectByKafkajs(
  host: string,
  port: number,
  settings: ConnectionSettings,
  context: KafkaDriverContext,
): Promise<BrokerConnection> {
  const address = `${host}:${port}`
  const raw = new RawConnectionClass({
    host,
    port,
    clientId: settings.clientId,
    logger: silentLogger,
    socketFactory: createSocketFactory(),
    ssl: settings.tls === true ? {} : settings.tls || null,
    sasl: settings.sasl === undefined ? null : saslOf(settings.sasl),
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    // We time them, for it takes no longer time for those that may last.
    enforceRequestTimeout: false,
  })
  // Nothing ever waits there: brokers throttle by themselves. It would set a timer of negative time for each answer.
  raw.requestQueue.scheduleCheckPendingRequests = () => {}
  const connection = new KafkajsConnection(address, raw, settings, context)
  let stopTimer = (): void => {}
  const timeout = new Promise<never>((_, reject) => {
    stopTimer = context.clock.schedule(settings.connectionTimeoutMs + graceMs, () => {
      const lost = new ConnectionLostError(address, `no connection within ${settings.connectionTimeoutMs} ms`)
      raw.rejectRequests(lost)
      reject(lost)
    })
  })
  try {
    await Promise.race([connection.open(), timeout])
    return connection
  } catch (error) {
    connection.close()
    throw error
  } finally {
    stopTimer()
  }
}

class KafkajsConnection implements BrokerConnection {
  readonly address: string
  readonly #raw: RawConnection
  readonly #settings: ConnectionSettings
  readonly #context: KafkaDriverContext
  readonly #underWay: Set<(lost: ConnectionLostError) => void> = new Set<(lost: ConnectionLostError) => void>()
  #versions: Versions = {}
  #isClosed = false
  /** Past the first answer we know that the broker is spoken to as it expects. */
  #isProven = false

  constructor(address: string, raw: RawConnection, settings: ConnectionSettings, context: KafkaDriverContext) {
    this.address = address
    this.#raw = raw
    this.#settings = settings
    this.#context = context
    // It calls this when the socket ends or fails as well. Requests that it is about to write then are forgotten by it, and would
    // never settle.
    const disconnect = raw.disconnect.bind(raw)
    raw.disconnect = () => {
      this.#isClosed = true
      const lost = new ConnectionLostError(address, 'the connection was closed')
      for (const reject of this.#underWay) reject(lost)
      return disconnect()
    }
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#raw.isConnected()
  }

  async open(): Promise<void> {
    try {
      await this.#raw.connect()
    } catch (cause) {
      throw refusal(this.address, this.#settings, 'connect', cause)
    }
    try {
      const { error, apis } = await this.#send(apiVersionsRequest())
      if (error !== 0) throw new Error(`the broker does not tell its versions (error ${error})`)
      this.#versions = Object.fromEntries(apis.map(({ apiKey, ...range }) => [apiKey, range]))
    } catch (cause) {
      throw refusal(this.address, this.#settings, 'first-request', cause)
    }
    this.#raw.setVersions(this.#versions)
    this.#raw.setSupportAuthenticationProtocol(this.#versions[saslAuthenticateKey] !== undefined)
    try {
      await this.#raw.authenticate()
    } catch (cause) {
      throw refusal(this.address, this.#settings, 'authenticate', cause)
    }
  }

  async send<T>(request: WireRequest<T>): Promise<T> {
    const { apiKey, apiName, apiVersion } = request
    const range = this.#versions[apiKey]
    if (range === undefined || apiVersion < range.minVersion || apiVersion > range.maxVersion) {
      const spoken = range === undefined ? 'none' : `${range.minVersion} to ${range.maxVersion}`
      throw new KafkaError(
        'UNSUPPORTED_VERSION',
        `Cannot send ${apiName} in version ${apiVersion} to broker ${this.address}, which knows ${spoken}. Use a broker from 2.5 on.`,
        { broker: this.address, apiName, apiVersion },
      )
    }
    try {
      const answer = await this.#send(request)
      this.#isProven = true
      return answer
    } catch (cause) {
      // An answer that did not come in time or cannot be read leaves the connection in doubt.
      this.close()
      if (cause instanceof KafkaError) throw cause
      if (!this.#isProven) throw refusal(this.address, this.#settings, 'first-request', cause)
      if (cause instanceof ConnectionLostError) throw cause
      throw new ConnectionLostError(this.address, `${apiName}: ${messageOf(cause)}`, { cause })
    }
  }

  close(): void {
    if (this.#isClosed) return
    // It would wait for the answers under way before it closes.
    this.#raw.rejectRequests(new ConnectionLostError(this.address, 'the connection was closed'))
    this.#raw.disconnect().catch(() => {})
  }

  #send<T>(request: WireRequest<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new ConnectionLostError(this.address, 'the connection was closed'))
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#underWay.add(reject)
    const timeoutMs = this.#settings.requestTimeoutMs + (request.extraTimeoutMs ?? 0)
    const stopTimer = this.#context.clock.schedule(timeoutMs, () => {
      reject(new ConnectionLostError(this.address, `${request.apiName}: no answer within ${timeoutMs} ms`))
    })
    const settle = (): void => {
      this.#underWay.delete(reject)
      stopTimer()
    }
    this.#raw.send(rawRequest(request)).then(resolve, reject)
    promise.then(settle, settle)
    return promise as Promise<T>
  }
}

function rawRequest<T>(request: WireRequest<T>): RawRequest {
  return {
    request: {
      apiKey: request.apiKey,
      apiName: request.apiName,
      apiVersion: request.apiVersion,
      expectResponse: () => request.isOneWay !== true,
      encode() {
        const writer = new WireWriter()
        // The head of a flexible request ends with tagged fields, which the library does not know.
        if (request.isFlexible === true) writer.noTaggedFields()
        request.write(writer)
        const buffer = writer.bytes
        return { buf: buffer, buffer }
      },
    },
    response: {
      decode: (payload) => ({ payload, clientSideThrottleTime: null }),
      parse({ payload }) {
        const reader = new WireReader(payload)
        if (request.isFlexible === true) reader.taggedFields()
        return request.read(reader)
      },
    },
    logResponseError: false,
  }
}

function saslOf(sasl: NonNullable<ConnectionSettings['sasl']>): Record<string, unknown> {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl }
  return { mechanism: sasl.mechanism, oauthBearerProvider: async () => ({ value: await sasl.token() }) }
}

/** Its complaints come as errors too, and we tell them with what was attempted. */
const silentLogger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  namespace: (): unknown => silentLogger,
}
