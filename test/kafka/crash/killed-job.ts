import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { KafkaCluster } from '../../../scripts/kafka/kafka-cluster.ts'
import { type Ended, Millrace, millrace } from '../../integration/cli/millrace.ts'
import { dataDirectory } from '../data-directory.ts'
import { dieAtVariable, lastWords } from './die-at.ts'
import { type Bounce, describeRound, type Round } from './kill-plan.ts'
import { type InputShape, recordsPerPartition } from './numbered-input.ts'

const job = fileURLToPath(new URL('numbered-keys.job.ts', import.meta.url))
const brokerId = 1
/** What these bound takes seconds at most, and much longer where many share few processors. */
const runTimeoutMs = 300_000
const writeTimeoutMs = 240_000
const commandTimeoutMs = 180_000
const pollMs = 20
/** Records that mark the ends of transactions in the output; what is more has been written. */
const markersMax = 40

export interface KilledJobOptions {
  readonly cluster: KafkaCluster
  readonly input: string
  readonly output: string
  readonly shape: InputShape
  /** The first line of the story. */
  readonly seed: number
  /** How much there is in the output, whether committed or not. */
  readonly measureOutput: () => Promise<number>
}

/** How a run is started. */
export interface Start {
  readonly parallelism: number
  /** A savepoint; without one it goes on from the newest checkpoint. */
  readonly from?: string
}

/** Runs of one job, each started where the one before was killed; and the story of what was done to them. */
export class KilledJob implements AsyncDisposable {
  /** Below it are the checkpoints, and the registry of jobs. */
  readonly directory: string = realpathSync(mkdtempSync(join(dataDirectory(), 'millrace-killed-')))
  readonly checkpoints: string = join(this.directory, 'checkpoints')
  readonly #options: KilledJobOptions
  readonly #env: Readonly<Record<string, string>> = { MILLRACE_HOME: join(this.directory, 'home') }
  readonly #startedAtMs: number = Date.now()
  readonly #story: string[]
  #runs = 0
  #running: Millrace | undefined
  #deathsAtPoints = new Map<string, number>()

  constructor(options: KilledJobOptions) {
    this.#options = options
    this.#story = [`seed ${options.seed}`]
  }

  /** What was done, for messages of failures. */
  get story(): string {
    return this.#story.join('\n')
  }

  /** How many runs died at each crash point, by their own words. */
  get deathsAtPoints(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#deathsAtPoints)
  }

  /** Starts it, lets happen to it and to the broker what the round says, and answers when it is dead. */
  async round(start: Start, round: Round): Promise<void> {
    const { kill, bounce } = round
    const dieAt = kill.kind === 'at' ? `${kill.point}:${kill.times}` : undefined
    const before = await this.#options.measureOutput()
    const run = this.start(start, describeRound(round), dieAt)
    if (kill.kind !== 'early') await run.until(isSubmitted)
    const bounced = bounce && this.#bounce(bounce)
    // Whoever waits for it is told; here it may fail before that.
    bounced?.catch(() => {})
    if (bounce?.isSurvived === true) await bounced
    if (kill.kind === 'at') {
      this.#assertDiedAt(kill.point, await run.ended)
    } else {
      if (kill.kind === 'writing') await this.#untilWritten(run, before)
      await delay(kill.afterMs)
      await this.kill(run)
    }
    await bounced
  }

  /** Starts it without an end. */
  start({ parallelism, from }: Start, what: string, dieAt?: string): Millrace {
    const { cluster, input, output, shape } = this.#options
    const properties = {
      'execution.checkpointing.dir': this.checkpoints,
      'execution.checkpointing.interval': '150 ms',
      'execution.checkpointing.timeout': '30 s',
      'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': '100',
      'restart-strategy.fixed-delay.delay': '300 ms',
      'rest.port': '0',
    }
    const args = [
      ...['run', ...(from === undefined ? ['--resume'] : ['-s', from]), '-p', String(parallelism)],
      ...Object.entries(properties).flatMap(([key, value]) => ['-D', `${key}=${value}`]),
      ...[job, '--', cluster.bootstrapServers, input, output],
      ...[String(shape.partitions), String(recordsPerPartition(shape))],
    ]
    const env = { ...this.#env, ...(dieAt !== undefined && { [dieAtVariable]: dieAt }) }
    const run = new Millrace(args, { env, timeoutMs: runTimeoutMs })
    const atSeconds = ((Date.now() - this.#startedAtMs) / 1_000).toFixed(1)
    this.#story.push(
      `${atSeconds} s: run ${++this.#runs}, -p ${parallelism}${from === undefined ? '' : ', -s'}: ${what}`,
    )
    this.#running = run
    return run
  }

  /** By SIGKILL. It must not have ended by itself. */
  async kill(run: Millrace): Promise<void> {
    run.child.kill('SIGKILL')
    const ended = await run.ended
    this.tell(ended)
    if (ended.signal !== 'SIGKILL') throw new Error(`The last run ended before it was killed.`)
  }

  /** Runs a command on it that has to succeed; answers what it printed. */
  async succeed(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await millrace(args, { env: this.#env, timeoutMs: commandTimeoutMs })
    if (status !== 0) throw new Error(`millrace ${args.join(' ')} ended with ${status}:\n${stderr}`)
    this.#story.push(`  millrace ${args.join(' ')}`)
    return stdout
  }

  /** Runs a command on it that may fail, since the job may be killed meanwhile. */
  attempt(...args: readonly string[]): Promise<Ended> {
    this.#story.push(`  millrace ${args.join(' ')}, and SIGKILL meanwhile`)
    return millrace(args, { env: this.#env, timeoutMs: commandTimeoutMs })
  }

  /** The id of a run, as soon as it runs. */
  async idOf(run: Millrace): Promise<string> {
    await run.until(isSubmitted)
    const id = submittedPattern.exec(run.stderr)?.[1]
    if (id === undefined) throw new Error(`The last run did not get so far that it runs.\n${run.stderr}`)
    return id
  }

  /** Waits until a run has ended by itself, in order. */
  async untilFinished(run: Millrace): Promise<void> {
    const ended = await run.ended
    this.tell(ended)
    if (ended.status === 0) return
    const how = ended.signal === null ? `with ${ended.status}` : `by ${ended.signal} after ${runTimeoutMs / 1_000} s`
    throw new Error(`The last run was to finish, and ended ${how}.`)
  }

  /** Adds what it said of importance. */
  tell({ stderr }: Ended): void {
    const lines = stderr.split('\n').filter((line) => /WARN|ERROR|error:|hint:|dies at/.test(line))
    this.#story.push(...lines.slice(0, 12).map((line) => `  ${line.slice(0, 600)}`))
  }

  async #untilWritten(run: Millrace, before: number): Promise<void> {
    const deadline = Date.now() + writeTimeoutMs
    while ((await this.#options.measureOutput()) <= before + markersMax) {
      if (Date.now() > deadline || run.child.exitCode !== null) {
        const what = `The last run was to write something, and has not in ${writeTimeoutMs / 1_000} s`
        throw new Error(`${what}:\n${run.stderr}`)
      }
      await delay(pollMs)
    }
  }

  async #bounce({ how, afterMs, downMs }: Bounce): Promise<void> {
    const { cluster } = this.#options
    await delay(afterMs)
    if (how === 'kill') await cluster.killBroker(brokerId)
    else await cluster.stopBroker(brokerId)
    await delay(downMs)
    await cluster.startBroker(brokerId)
  }

  #assertDiedAt(point: string, ended: Ended): void {
    this.tell(ended)
    if (!ended.stderr.includes(`${lastWords} ${point}`)) {
      const how = ended.signal === null ? `it ended with ${ended.status}` : `it had not after ${runTimeoutMs / 1_000} s`
      throw new Error(`The last run was to die at ${point}, and ${how}:\n${ended.stderr}`)
    }
    this.#deathsAtPoints.set(point, (this.#deathsAtPoints.get(point) ?? 0) + 1)
  }

  /** A run that is dying may still write. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#running?.child.kill('SIGKILL')
    await this.#running?.ended
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

const submittedPattern = /^Job has been submitted with JobID ([0-9a-f]{32})$/m

function isSubmitted({ stderr }: Millrace): boolean {
  return submittedPattern.test(stderr)
}
