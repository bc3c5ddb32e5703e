import { AnswerMemory } from '../connection/answer-memory.ts'
import {
  type BrokerConnection,
  type ConnectBroker,
  ConnectionLostError,
  type ConnectionSettings,
} from '../connection/broker-connection.ts'
import { type ServerAddress, serverAddress } from '../connection/connection-settings.ts'
import type { KafkaDriverContext } from '../connection-options.ts'
import type { TopicPartition } from '../kafka-driver.ts'
import type { KafkaError } from '../kafka-error.ts'
import { brokerError, brokerErrorKind, brokerErrors } from '../protocol/broker-errors.ts'
import { type BrokerAnswer, type MetadataAnswer, metadataRequest } from '../protocol/metadata-request.ts'
import { type CoordinatorType, findCoordinatorRequest } from '../protocol/transaction-requests.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import { Leaders, type PartitionLeader } from './leaders.ts'
import { closed, RetriableError, Retrier } from './retry.ts'

/**
 * What requests of one kind go through. Produce requests have their order in it, and fetches, which wait at the broker, block
 * nothing else in theirs.
 */
export type Lane = 'control' | `produce-${number}` | `fetch-${number}`

/** The brokers of a cluster, as far as they are known: addresses, leaders, coordinators, and open connections. */
export class Cluster {
  readonly retrier: Retrier
  readonly leaders: Leaders = new Leaders()
  readonly settings: ConnectionSettings
  readonly context: KafkaDriverContext
  /** Of large answers, on all connections. */
  readonly answerMemory: AnswerMemory = new AnswerMemory()
  readonly #connect: ConnectBroker
  readonly #seeds: readonly ServerAddress[]
  readonly #brokers: Map<number, BrokerAnswer> = new Map<number, BrokerAnswer>()
  readonly #coordinators: Map<string, number> = new Map<string, number>()
  readonly #connections: Map<string, Promise<BrokerConnection>> = new Map<string, Promise<BrokerConnection>>()
  #controllerId = -1
  #lanes = 0

  constructor(settings: ConnectionSettings, context: KafkaDriverContext, connect: ConnectBroker) {
    this.settings = settings
    this.context = context
    this.retrier = new Retrier(settings, context)
    this.#connect = connect
    this.#seeds = settings.bootstrapServers.map(serverAddress)
  }

  /** A number for a lane that nobody else uses. */
  newLane(): number {
    return this.#lanes++
  }

  get brokers(): readonly BrokerAnswer[] {
    return [...this.#brokers.values()]
  }

  get controllerId(): number {
    return this.#controllerId
  }

  close(): void {
    this.retrier.close()
    for (const lane of this.#connections.values()) lane.then((connection) => connection.close()).catch(() => {})
    this.#connections.clear()
  }

  /** Closes the connections of one lane. */
  closeLane(lane: Lane): void {
    for (const [key, connection] of this.#connections) {
      if (!key.startsWith(`${lane} `)) continue
      this.#connections.delete(key)
      connection.then((each) => each.close()).catch(() => {})
    }
  }

  /** One attempt. Rejects with `ConnectionLostError`, also when the broker is not known (any more). */
  async send<T>(nodeId: number, lane: Lane, request: WireRequest<T>): Promise<T> {
    const broker = this.#brokers.get(nodeId)
    if (broker === undefined) throw new ConnectionLostError(`of id ${nodeId}`, 'its address is not known')
    const connection = await this.#connection(broker, lane)
    return connection.send(request)
  }

  /** One attempt at each broker that is known, those first that were given. */
  async sendToAny<T>(request: WireRequest<T>): Promise<T> {
    let lost: ConnectionLostError | undefined
    const tried = new Set<string>()
    // Known ones after the given ones: they replace those that are gone.
    for (const server of [...this.#seeds, ...this.#brokers.values()]) {
      const address = `${server.host}:${server.port}`
      if (tried.has(address)) continue
      tried.add(address)
      try {
        const connection = await this.#connection(server, 'control')
        return await connection.send(request)
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error
        lost = error
      }
    }
    throw lost!
  }

  /** One attempt. What it does not tell is left as it was. */
  async fetchMetadata(topics: readonly string[] | undefined): Promise<MetadataAnswer> {
    const answer = await this.sendToAny(metadataRequest(topics))
    for (const broker of answer.brokers) this.#brokers.set(broker.nodeId, broker)
    this.#controllerId = answer.controllerId
    for (const topic of answer.topics) this.leaders.update(topic)
    return answer
  }

  /** The leader of each; rejects with `RetriableError` or a `KafkaError` if one has none. One attempt. */
  async leadersOf(partitions: readonly TopicPartition[]): Promise<readonly PartitionLeader[]> {
    const unknown = new Set<string>()
    for (const each of partitions) if (this.leaders.get(each) === undefined) unknown.add(each.topic)
    const errors = new Map<string, number>()
    if (unknown.size > 0) {
      const { topics } = await this.fetchMetadata([...unknown])
      for (const { topic, error } of topics) errors.set(topic, error)
    }
    return partitions.map((each) => {
      const leader = this.leaders.get(each)
      if (leader === undefined) throw this.noLeader(each, errors.get(each.topic) ?? 0)
      return leader
    })
  }

  /** Why there is no leader, after an answer whose error for the topic was `error`. */
  noLeader({ topic, partition }: TopicPartition, error: number): KafkaError | RetriableError {
    const attempt = `Cannot reach partition ${partition} of topic "${topic}"`
    // A topic that is there without that partition is no error of the topic.
    const { leaderNotAvailable, unknownTopic } = brokerErrors
    const errorOfPartition = this.leaders.exists({ topic, partition }) ? leaderNotAvailable : unknownTopic
    const partitionError = error === 0 ? errorOfPartition : error
    const reason = brokerError(attempt, partitionError, { topic, partition })
    return brokerErrorKind(partitionError).remedy === 'give-up' ? reason : new RetriableError(reason)
  }

  /** With retries, to the coordinator of a group or a transactional id. `errorOf` finds the error in an answer. */
  async sendToCoordinator<T>(
    type: CoordinatorType,
    key: string,
    what: string,
    facts: Readonly<Record<string, unknown>>,
    request: WireRequest<T>,
    errorOf: (answer: T) => number,
  ): Promise<T> {
    return this.retrier.run(what, facts, async () => {
      const nodeId = await this.#coordinator(type, key, what, facts)
      let answer: T
      try {
        answer = await this.send(nodeId, 'control', request)
      } catch (error) {
        if (error instanceof ConnectionLostError) this.#coordinators.delete(`${type} ${key}`)
        throw error
      }
      this.#check(errorOf(answer), type, key, what, facts)
      return answer
    })
  }

  /** One attempt, to the broker that leads the cluster, or says so. */
  async sendToController<T>(request: WireRequest<T>): Promise<T> {
    if (this.#controllerId === -1) await this.fetchMetadata([])
    try {
      return await this.send(this.#controllerId, 'control', request)
    } catch (error) {
      if (error instanceof ConnectionLostError) this.forgetController()
      throw error
    }
  }

  forgetController(): void {
    this.#controllerId = -1
  }

  async #coordinator(
    type: CoordinatorType,
    key: string,
    what: string,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<number> {
    const known = this.#coordinators.get(`${type} ${key}`)
    if (known !== undefined) return known
    const answer = await this.sendToAny(findCoordinatorRequest(type, key))
    this.#check(answer.error, type, key, what, facts, answer.errorMessage)
    const { nodeId, host, port } = answer
    this.#brokers.set(nodeId, { nodeId, host, port })
    this.#coordinators.set(`${type} ${key}`, nodeId)
    return nodeId
  }

  #check(
    error: number,
    type: CoordinatorType,
    key: string,
    what: string,
    facts: Readonly<Record<string, unknown>>,
    message: string | null = null,
  ): void {
    if (error === 0) return
    const reason = brokerError(`Cannot ${what}`, error, facts, message)
    const { remedy } = brokerErrorKind(error)
    if (remedy === 'give-up') throw reason
    if (remedy === 'find-coordinator') this.#coordinators.delete(`${type} ${key}`)
    throw new RetriableError(reason)
  }

  async #connection({ host, port }: ServerAddress, lane: Lane): Promise<BrokerConnection> {
    if (this.retrier.isClosed) throw closed(`connect to broker ${host}:${port}`)
    const key = `${lane} ${host}:${port}`
    const known = this.#connections.get(key)
    if (known !== undefined) {
      const connection = await known
      if (connection.isOpen) return connection
      // Others may have replaced it while we waited.
      if (this.#connections.get(key) !== known) return this.#connection({ host, port }, lane)
      this.#connections.delete(key)
    }
    const connecting = this.#connect(host, port, this.settings, this.context, this.answerMemory)
    this.#connections.set(key, connecting)
    try {
      const connection = await connecting
      if (this.retrier.isClosed) {
        connection.close()
        throw closed(`connect to broker ${host}:${port}`)
      }
      return connection
    } catch (error) {
      if (this.#connections.get(key) === connecting) this.#connections.delete(key)
      throw error
    }
  }
}
