// The only place that names kafkajs. Of it we use one class, which opens a connection, authenticates, and matches
// answers with requests; requests themselves are ours. It has no door for that, hence the paths into the package,
// and its exact version in the manifest.

import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { KafkaDriverContext } from '../connection-options.ts'
import { WireReader } from '../protocol/wire-reader.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import { WireWriter } from '../protocol/wire-writer.ts'
import type { AnswerMemory } from './answer-memory.ts'
import { type AnswerSocketOptions, answerSocket } from './answer-socket.ts'
import { type BrokerConnection, ConnectionLostError, type ConnectionSettings } from './broker-connection.ts'
import { NegotiatedConnection } from './negotiated-connection.ts'
import { refusal } from './refusals.ts'

interface RawRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly correlationId: number
    readonly resolve: (answer: { readonly payload: Buffer }) => void
    readonly reject: (reason: Error) => void
  }
  readonly expectResponse: boolean
  readonly requestTimeout: null
  readonly sendRequest: () => void
}

interface RawConnection {
  chunks: Buffer[]
  readonly bytesBuffered: number
  processData: (bytes: Buffer) => void
  readonly requestQueue: { scheduleCheckPendingRequests: () => void; push(request: RawRequest): void }
  readonly socket: Socket
  nextCorrelationId(): number
  connect(): Promise<unknown>
  isConnected(): boolean
  authenticate(): Promise<void>
  /** False again when it is time to. */
  isAuthenticated(): boolean
  setVersions(versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>): void
  setSupportAuthenticationProtocol(isSupported: boolean): void
  rejectRequests(error: Error): void
  disconnect: () => Promise<unknown>
}

const require = createRequire(import.meta.url)
const RawConnectionClass = require('kafkajs/src/network/connection') as new (
  options: Record<string, unknown>,
) => RawConnection

const saslAuthenticateKey = 36
/** Before the end of a login, time for requests under way to be answered; brokers take no two logins in a second. */
const loginEndingMs = 2_000

export async function connectByKafkajs(
  host: string,
  port: number,
  settings: ConnectionSettings,
  context: KafkaDriverContext,
  memory: AnswerMemory,
): Promise<BrokerConnection> {
  const connection = new KafkajsConnection(host, port, settings, context, memory)
  await connection.open()
  return connection
}

class KafkajsConnection extends NegotiatedConnection {
  readonly #raw: RawConnection
  /** Requests that have left, as far as this side knows, and wait for an answer. */
  #unanswered = 0

  constructor(
    host: string,
    port: number,
    settings: ConnectionSettings,
    context: KafkaDriverContext,
    memory: AnswerMemory,
  ) {
    super(`${host}:${port}`, settings, context)
    this.#raw = new RawConnectionClass({
      host,
      port,
      clientId: settings.clientId,
      logger: silentLogger,
      socketFactory: (options: AnswerSocketOptions) => answerSocket(options, memory),
      ssl: settings.tls === true ? {} : settings.tls || null,
      sasl: settings.sasl === undefined ? null : saslOf(settings.sasl),
      connectionTimeout: settings.connectionTimeoutMs,
      reauthenticationThreshold: loginEndingMs,
      requestTimeout: settings.requestTimeoutMs,
      // We time them, for it takes no longer time for those that may last.
      enforceRequestTimeout: false,
    })
    // Nothing ever waits there: brokers throttle by themselves. It would set a timer of negative time for each answer.
    this.#raw.requestQueue.scheduleCheckPendingRequests = () => {}
    // It would join each answer with the nothing that was left of the one before, and so copy it.
    const processData = this.#raw.processData.bind(this.#raw)
    this.#raw.processData = (answer) => {
      if (this.#raw.bytesBuffered === 0) this.#raw.chunks = []
      processData(answer)
    }
    // It calls this when the socket ends or fails as well.
    const disconnect = this.#raw.disconnect.bind(this.#raw)
    this.#raw.disconnect = () => {
      this.ended('the connection was closed')
      // Else the rest of them would still leave, while whoever is told that they are lost sends them elsewhere and then uses
      // the memory of their batches again. Requests without answer are let go: their bytes are their own.
      if (this.#unanswered > 0) this.#raw.socket?.destroy()
      return disconnect()
    }
  }

  override get isOpen(): boolean {
    return super.isOpen && this.#raw.isConnected()
  }

  protected async connect(): Promise<void> {
    try {
      await this.#raw.connect()
    } catch (cause) {
      throw refusal(this.address, this.settings, 'connect', cause)
    }
    const versions = await this.negotiate()
    this.#raw.setVersions(Object.fromEntries(versions))
    this.#raw.setSupportAuthenticationProtocol(versions.has(saslAuthenticateKey))
    try {
      await this.#raw.authenticate()
    } catch (cause) {
      throw refusal(this.address, this.settings, isRefusedLogin(cause) ? 'login' : 'first-request', cause)
    }
  }

  /** Into its queue ourselves: on its own way there it copies requests twice, batches of records and all. */
  protected async exchange<T>(request: WireRequest<T>): Promise<T> {
    const { apiKey, apiName, apiVersion, isFlexible, isOneWay } = request
    if (!this.#raw.isConnected()) throw new ConnectionLostError(this.address, 'the connection was closed')
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly payload: Buffer }>()
    const correlationId = this.#raw.nextCorrelationId()
    const writer = new WireWriter()
    writer.int16(apiKey).int16(apiVersion).int32(correlationId).string(this.settings.clientId)
    // The head of a flexible request ends with tagged fields.
    if (isFlexible === true) writer.noTaggedFields()
    request.write(writer)
    this.#raw.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
      expectResponse: isOneWay !== true,
      requestTimeout: null,
      sendRequest: () => sendParts(this.#raw.socket, writer),
    })
    if (isOneWay === true) {
      await promise
      return undefined as T
    }
    const { payload } = await this.#answered(promise)
    const reader = new WireReader(payload)
    if (isFlexible === true) reader.taggedFields()
    return request.read(reader)
  }

  async #answered<T>(answer: Promise<T>): Promise<T> {
    this.#unanswered++
    try {
      return await answer
    } finally {
      this.#unanswered--
    }
  }

  protected disconnect(): void {
    // It would wait for the answers under way before it closes.
    this.#raw.rejectRequests(new ConnectionLostError(this.address, 'the connection was closed'))
    this.#raw.disconnect().catch(() => {})
  }

  protected get isLoginEnding(): boolean {
    return this.settings.sasl !== undefined && !this.#raw.isAuthenticated()
  }

  protected logInAgain(): Promise<void> {
    return this.#raw.authenticate()
  }
}

function sendParts(socket: Socket, writer: WireWriter): void {
  socket.cork()
  socket.write(new WireWriter(4).int32(writer.sizeBytes).parts[0]!)
  for (const part of writer.parts) socket.write(part)
  socket.uncork()
}

function isRefusedLogin(cause: unknown): boolean {
  return cause instanceof Error && /SASL/i.test(`${cause.name} ${cause.message}`)
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
