// The only place that names @platformatic/kafka. Of it we use one class, which opens a connection, logs in, and matches
// answers with requests; requests themselves are ours. Users install the package if they choose it, so it is imported then.

import { once } from 'node:events'
import type { Connection, SASLOptions } from '@platformatic/kafka'
import { messageOf } from '../../message-of.ts'
import type { KafkaDriverContext } from '../connection-options.ts'
import { KafkaError } from '../kafka-error.ts'
import { WireReader } from '../protocol/wire-reader.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import { WireWriter } from '../protocol/wire-writer.ts'
import type { BrokerConnection, ConnectionSettings } from './broker-connection.ts'
import { NegotiatedConnection } from './negotiated-connection.ts'
import { refusal } from './refusals.ts'

type Library = typeof import('@platformatic/kafka')

/** We time requests, for it gives all the same time. The longest that a timer may last, 24 days. */
const requestTimeoutMs = 2 ** 31 - 1
/** How many may be under way is decided above. */
const inFlightMax = 2 ** 31 - 1
const keepAliveDelayMs = 60_000

export async function connectByPlatformatic(
  host: string,
  port: number,
  settings: ConnectionSettings,
  context: KafkaDriverContext,
): Promise<BrokerConnection> {
  const connection = new PlatformaticConnection(await library(), host, port, settings, context)
  await connection.open()
  return connection
}

let loading: Promise<Library> | undefined

function library(): Promise<Library> {
  loading ??= import('@platformatic/kafka').catch((cause: unknown) => {
    loading = undefined
    throw new KafkaError(
      'DRIVER_NOT_INSTALLED',
      `Cannot connect to Kafka by the driver "platformatic": its package @platformatic/kafka cannot be loaded (${messageOf(cause)}). ` +
        'Install it beside your job with "npm install @platformatic/kafka@2", or leave kafka.driver at "kafkajs".',
      { driver: 'platformatic', package: '@platformatic/kafka' },
      { cause, isLasting: true },
    )
  })
  return loading
}

class PlatformaticConnection extends NegotiatedConnection {
  readonly #library: Library
  readonly #raw: Connection
  readonly #host: string
  readonly #port: number
  readonly #logIn: () => void
  #isLoginEnding = false

  constructor(library: Library, host: string, port: number, settings: ConnectionSettings, context: KafkaDriverContext) {
    super(`${host}:${port}`, settings, context)
    this.#library = library
    this.#host = host
    this.#port = port
    const { tls, sasl } = settings
    this.#raw = new library.Connection(settings.clientId, {
      connectTimeout: settings.connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxInflights: inFlightMax,
      ...(tls === undefined || tls === false ? {} : { tls: tls === true ? {} : tls }),
      ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    })
    this.#raw.on('close', () => this.ended('the connection was closed'))
    this.#raw.on('error', (error) => {
      this.ended(innermost(error).message)
      this.close()
    })
    // It calls this by a timer, amid other requests, which the broker would refuse until the login is through.
    this.#logIn = this.#raw.reauthenticate.bind(this.#raw)
    this.#raw.reauthenticate = () => {
      this.#isLoginEnding = true
    }
  }

  protected async connect(): Promise<void> {
    let isConnected = false
    try {
      const ready = this.#raw.connect(this.#host, this.#port)
      this.#raw.socket.once('connect', () => {
        isConnected = true
      })
      await ready
    } catch (error) {
      const cause = innermost(error)
      const step = this.#isRefusedLogin(cause) ? 'login' : isConnected ? 'first-request' : 'connect'
      throw refusal(this.address, this.settings, step, cause)
    }
    this.#raw.socket.setKeepAlive(true, keepAliveDelayMs)
    await this.negotiate()
  }

  protected exchange<T>(request: WireRequest<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const { Writer } = this.#library
    this.#raw.send<T>(
      request.apiKey,
      request.apiVersion,
      () => {
        const ours = new WireWriter()
        request.write(ours)
        const writer = Writer.create()
        for (const part of ours.parts) writer.append(part)
        if (request.isOneWay === true) writer.context.noResponse = true
        return writer
      },
      (_correlationId, _apiKey, _apiVersion, { buffer }) => {
        const reader = new WireReader(buffer.buffer)
        if (request.isFlexible === true) reader.taggedFields()
        return request.read(reader)
      },
      request.isFlexible === true,
      false,
      (error, answer) => {
        if (error) reject(error)
        else resolve((request.isOneWay === true ? undefined : answer) as T)
      },
    )
    return promise
  }

  protected disconnect(): void {
    this.#raw.close(() => {})
    // It would wait until all is written, or for a connection that is being made.
    this.#raw.socket?.destroy()
  }

  protected get isLoginEnding(): boolean {
    return this.#isLoginEnding
  }

  protected async logInAgain(): Promise<void> {
    this.#isLoginEnding = false
    const done = once(this.#raw, 'connect')
    this.#logIn()
    await done
  }

  /** The broker said no, or this side found its proof wrong. Anything else that ends a login is a matter of the connection. */
  #isRefusedLogin(cause: Error): boolean {
    return cause instanceof this.#library.ProtocolError || cause instanceof this.#library.AuthenticationError
  }
}

/** What went wrong at first: the library wraps it, more than once. */
function innermost(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(messageOf(error))
  const next: unknown = error instanceof AggregateError ? (error.errors[0] ?? error.cause) : error.cause
  return next instanceof Error ? innermost(next) : error
}

function saslOf(sasl: NonNullable<ConnectionSettings['sasl']>): SASLOptions {
  switch (sasl.mechanism) {
    case 'plain':
      return { mechanism: 'PLAIN', username: sasl.username, password: sasl.password }
    case 'scram-sha-256':
      return { mechanism: 'SCRAM-SHA-256', username: sasl.username, password: sasl.password }
    case 'scram-sha-512':
      return { mechanism: 'SCRAM-SHA-512', username: sasl.username, password: sasl.password }
    case 'oauthbearer':
      return { mechanism: 'OAUTHBEARER', token: sasl.token }
  }
}
