import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { BrokerError } from './broker-error.ts'
import { hasEnded, isRunning, signal } from './broker-process.ts'
import {
  brokerFiles,
  brokerIds,
  type ClusterLayout,
  loopback,
  plainPort,
  saslPassword,
  saslPort,
  saslUser,
} from './broker-properties.ts'
import { findTakenPort } from './cluster-ports.ts'
import {
  type ClusterState,
  readClusterState,
  readClusterStates,
  removeClusterState,
  writeClusterState,
} from './cluster-state.ts'
import { certificateFile, prepareStorage } from './cluster-storage.ts'
import { javaCommand } from './java-command.ts'
import type { KafkaInstallation } from './kafka-installation.ts'
import { requestMetadata } from './metadata-request.ts'
import { runCommand } from './run-command.ts'

/** What a cluster shall be. */
export interface ClusterOptions extends ClusterLayout {
  readonly heapMb: number
  /** Of a run of tests: the data goes with the cluster, and the next run stops it if this one could not. */
  readonly isTemporary: boolean
  /** For many short runs: starts sooner and compiles less, and is slower under load. */
  readonly isQuick?: boolean
}

/** What a client needs for the listener with SASL over TLS. */
export interface SaslAccess {
  readonly bootstrapServers: string
  /** PEM: the authority to trust. */
  readonly certificate: string
  readonly username: string
  readonly password: string
}

/** A broker and whether it runs. */
export interface BrokerStatus {
  readonly id: number
  readonly address: string
  readonly pid: number | undefined
}

/** It takes 1 to 7 s alone, and much longer where many share few processors. */
const startTimeoutMs = 120_000
const probeTimeoutMs = 1_000
const probeIntervalMs = 50
/** Writing the archive of classes is the longest part, and happens once. */
const stopTimeoutMs = 30_000
/** Brokers that stop together have nobody left to hand their partitions to, and would wait for minutes. */
const stopTogetherTimeoutMs = 4_000
const killTimeoutMs = 5_000
const logTailLines = 15

/** Brokers of ours on this machine, each a process of its own that outlives whoever started it. */
export class KafkaCluster {
  readonly #home: string
  readonly #installation: KafkaInstallation
  #state: ClusterState
  readonly #isQuick: boolean

  private constructor(home: string, installation: KafkaInstallation, state: ClusterState, isQuick = false) {
    this.#home = home
    this.#installation = installation
    this.#state = state
    this.#isQuick = isQuick
  }

  /**
   * Starts the brokers that do not run yet, and waits until each answers with all of them. `home` is where the cluster is
   * registered. What was started is killed if it does not get so far.
   */
  static async start(home: string, installation: KafkaInstallation, options: ClusterOptions): Promise<KafkaCluster> {
    await KafkaCluster.sweep(home, installation)
    const known = readClusterState(home, options.port)
    if (known !== undefined) rejectDifference(known, options)
    const { isQuick, ...kept } = options
    const owner = options.isTemporary ? { ownerPid: process.pid } : {}
    const state = known ?? { ...kept, ...owner, version: installation.version, pids: {} }
    const cluster = new KafkaCluster(home, installation, state, isQuick)
    const missing = cluster.status().filter(({ pid }) => pid === undefined)
    if (known === undefined) {
      await cluster.#rejectTakenPorts()
      await prepareStorage(installation, state)
    }
    try {
      for (const { id } of missing) cluster.#spawn(id)
      await cluster.untilReady()
    } catch (error) {
      for (const { id } of missing) await cluster.killBroker(id)
      if (known === undefined) cluster.#forget()
      throw error
    }
    return cluster
  }

  /** The cluster that was started with this port, if one of its brokers still runs. */
  static find(home: string, installation: KafkaInstallation, port: number): KafkaCluster | undefined {
    const state = readClusterState(home, port)
    return state === undefined ? undefined : new KafkaCluster(home, installation, state)
  }

  /** All that are registered. */
  static findAll(home: string, installation: KafkaInstallation): readonly KafkaCluster[] {
    return readClusterStates(home).map((state) => new KafkaCluster(home, installation, state))
  }

  /** Forgets clusters of which nothing runs any more; those that have an owner end when it has. */
  static async sweep(home: string, installation: KafkaInstallation): Promise<void> {
    for (const cluster of KafkaCluster.findAll(home, installation)) {
      const { ownerPid } = cluster.#state
      const isLost =
        ownerPid === undefined ? cluster.status().every(({ pid }) => pid === undefined) : !isAlive(ownerPid)
      if (isLost) await cluster.kill()
    }
  }

  get port(): number {
    return this.#state.port
  }

  get directory(): string {
    return this.#state.directory
  }

  get version(): string {
    return this.#state.version
  }

  /** Of all brokers, running or not, for clients without credentials. */
  get bootstrapServers(): string {
    return brokerIds(this.#state)
      .map((id) => `${loopback}:${plainPort(this.#state, id)}`)
      .join(',')
  }

  /** `undefined` if it was started without. */
  get sasl(): SaslAccess | undefined {
    if (!this.#state.sasl) return undefined
    const addresses = brokerIds(this.#state).map((id) => `${loopback}:${saslPort(this.#state, id)}`)
    return {
      bootstrapServers: addresses.join(','),
      certificate: readFileSync(certificateFile(this.directory), 'utf8'),
      username: saslUser,
      password: saslPassword,
    }
  }

  /** All brokers, and which of them run. */
  status(): readonly BrokerStatus[] {
    return brokerIds(this.#state).map((id) => ({
      id,
      address: `${loopback}:${plainPort(this.#state, id)}`,
      pid: this.#pidOf(id),
    }))
  }

  /** Starts one that was stopped or killed, on its data, and waits until all that run know each other. */
  async startBroker(id: number): Promise<void> {
    if (this.#pidOf(id) === undefined) this.#spawn(id)
    await this.untilReady()
  }

  /** Ends one in order: it hands its partitions to the others first. */
  async stopBroker(id: number): Promise<void> {
    await this.#stopBroker(id, stopTimeoutMs)
  }

  /** Ends one as a crash would. */
  async killBroker(id: number): Promise<void> {
    const pid = this.#pidOf(id)
    if (pid !== undefined) {
      if (this.#installation.kind === 'docker') await runCommand('docker', ['kill', this.#container(id)], quickly)
      signal(pid, this.#marker(id), 'SIGKILL')
      await hasEnded(pid, killTimeoutMs)
    }
    this.#update({ pids: this.#pidsWithout(id) })
  }

  /** Ends all in order. The data stays, unless it is temporary. */
  async stop(): Promise<void> {
    const running = this.status().filter(({ pid }) => pid !== undefined)
    const timeoutMs = this.#state.brokerCount === 1 ? stopTimeoutMs : stopTogetherTimeoutMs
    await Promise.all(running.map(({ id }) => this.#stopBroker(id, timeoutMs)))
    this.#forget()
  }

  /** Ends all as a crash would. The data stays, unless it is temporary. */
  async kill(): Promise<void> {
    await Promise.all(brokerIds(this.#state).map((id) => this.killBroker(id)))
    this.#forget()
  }

  /** `await using` ends a cluster whatever a test does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  /** Waits until each broker that runs answers, and its answer has all that run. */
  async untilReady(timeoutMs: number = startTimeoutMs): Promise<void> {
    const deadline = Date.now() + timeoutMs
    const started = this.status().filter(({ id }) => this.#state.pids[id] !== undefined)
    for (const { id } of started) {
      let lastAnswer = 'nothing was asked'
      for (;;) {
        if (this.#pidOf(id) === undefined) throw this.#startFailed(id, 'it ended')
        try {
          const brokers = await requestMetadata(loopback, plainPort(this.#state, id), probeTimeoutMs)
          if (started.every((other) => brokers.some((known) => known.id === other.id))) break
          lastAnswer = `it knows broker(s) ${brokers.map((known) => known.id).join(', ') || 'none'}`
        } catch (error) {
          lastAnswer = (error as Error).message
        }
        if (Date.now() > deadline) {
          throw this.#startFailed(id, `it was not ready after ${timeoutMs / 1000} s (${lastAnswer})`)
        }
        await delay(probeIntervalMs)
      }
    }
  }

  #spawn(id: number): void {
    const { directory, heapMb, pids } = this.#state
    const files = brokerFiles(directory, id)
    const archive = this.#archive(id)
    const { command, args } = javaCommand(this.#installation, {
      mainClass: 'kafka.Kafka',
      args: [files.properties],
      jvmArguments: [
        `-Xms${heapMb}m`,
        `-Xmx${heapMb}m`,
        '-XX:-UsePerfData',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-Dorg.slf4j.simpleLogger.showDateTime=true',
        '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
        `-Djava.io.tmpdir=${join(directory, 'tmp')}`,
        ...(this.#isQuick ? ['-XX:TieredStopAtLevel=1'] : []),
        ...archive.jvmArguments,
      ],
      directories: [directory],
      container: this.#container(id),
    })
    const log = openSync(files.log, 'a')
    const child = spawn(command, args, { cwd: directory, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    child.on('error', () => {}) // It shows as a broker that ended.
    child.unref()
    if (child.pid === undefined) throw this.#startFailed(id, `${command} could not be started`)
    this.#update({ pids: { ...pids, [id]: child.pid }, ...archive.state })
  }

  /** Classes from an archive save most of the time that a start takes. The first broker that stops in order makes one. */
  #archive(id: number): { jvmArguments: readonly string[]; state: Partial<ClusterState> } {
    const installation = this.#installation
    if (installation.kind !== 'jars') return { jvmArguments: [], state: {} }
    const finished = installation.archive
    if (existsSync(finished)) return { jvmArguments: [`-XX:SharedArchiveFile=${finished}`], state: {} }
    if (id !== 1) return { jvmArguments: [], state: {} }
    const unfinished = `${finished}.${this.port}-${process.pid}.tmp`
    const state = { archive: { unfinished, finished } }
    return { jvmArguments: [`-XX:ArchiveClassesAtExit=${unfinished}`], state }
  }

  async #stopBroker(id: number, timeoutMs: number): Promise<void> {
    const pid = this.#pidOf(id)
    if (pid === undefined) return
    signal(pid, this.#marker(id), 'SIGTERM')
    if (!(await hasEnded(pid, timeoutMs))) return this.killBroker(id)
    this.#keepArchive()
    this.#update({ pids: this.#pidsWithout(id) })
  }

  #pidsWithout(id: number): Readonly<Record<string, number>> {
    const { [id]: _, ...others } = this.#state.pids
    return others
  }

  #keepArchive(): void {
    const { archive } = this.#state
    if (archive !== undefined && existsSync(archive.unfinished)) renameSync(archive.unfinished, archive.finished)
  }

  /** All brokers have ended. */
  #forget(): void {
    this.#state = { ...this.#state, pids: {} }
    removeClusterState(this.#home, this.port)
    if (this.#state.isTemporary) rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }

  #update(change: Partial<ClusterState>): void {
    this.#state = { ...this.#state, ...change }
    writeClusterState(this.#home, this.#state)
  }

  #pidOf(id: number): number | undefined {
    const pid = this.#state.pids[id]
    return pid !== undefined && isRunning(pid, this.#marker(id)) ? pid : undefined
  }

  #marker(id: number): string {
    return brokerFiles(this.directory, id).properties
  }

  #container(id: number): string {
    return `millrace-kafka-${plainPort(this.#state, id)}`
  }

  async #rejectTakenPorts(): Promise<void> {
    const taken = await findTakenPort(this.#state)
    if (taken === undefined) return
    const why = taken.code === 'EADDRINUSE' ? 'another program listens there' : taken.code
    throw new BrokerError(
      'PORT_TAKEN',
      `Cannot start Kafka on ${loopback}:${taken.port}: ${why}. ` +
        'Start with another --port, or use the broker that is there with KAFKA_BROKERS=host:port.',
    )
  }

  #startFailed(id: number, why: string): BrokerError {
    const { log } = brokerFiles(this.directory, id)
    const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-logTailLines) : []
    return new BrokerError(
      'START_FAILED',
      `Broker ${id} on ${loopback}:${plainPort(this.#state, id)} did not start: ${why}. The end of ${log}:\n${lines.join('\n')}`,
    )
  }
}

const quickly = { timeoutMs: 10_000 }

function rejectDifference(known: ClusterState, options: ClusterOptions): void {
  const isSame =
    known.brokerCount === options.brokerCount &&
    known.sasl === options.sasl &&
    known.directory === options.directory &&
    JSON.stringify(known.properties) === JSON.stringify(options.properties)
  if (isSame) return
  throw new BrokerError(
    'OTHER_CLUSTER_RUNS',
    `Kafka runs on ${loopback}:${known.port} already, with ${known.brokerCount} broker(s)${known.sasl ? ' and SASL' : ''} ` +
      `on ${known.directory}, and other options were asked for. Stop it first, or start with another --port.`,
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
