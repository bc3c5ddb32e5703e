import type * as Options from '../configuration/checkpointing-options.ts'
import type { ConfigurationEntries } from '../configuration/configuration.ts'
import { ApiError } from './api-error.ts'
import { checkText, show } from './setting-checks.ts'
import { callOf } from './topology.ts'

/** How often a record may count in state after a restart: exactly once; or at least once, with less waiting on the way. */
export type CheckpointingMode = Options.CheckpointingMode
/** Which checkpoints outlive the job: see {@link CheckpointConfig.setExternalizedCheckpointRetention}. */
export type CheckpointRetention = Options.CheckpointRetention

const MODES: readonly CheckpointingMode[] = ['EXACTLY_ONCE', 'AT_LEAST_ONCE']
const RETENTIONS: readonly CheckpointRetention[] = [
  'RETAIN_ON_CANCELLATION',
  'DELETE_ON_CANCELLATION',
  'NO_EXTERNALIZED_CHECKPOINTS',
]
/** Shorter intervals and timeouts leave no time for anything else. */
const SHORTEST_MS = 10
const LONGEST_MS = 2 ** 31 - 1

/**
 * How the job takes checkpoints, by Flink's setters: what `env.getCheckpointConfig()` answers. Each sets an option of
 * `execution.checkpointing.*`, in the layer of `env.configure`: `-D` goes before it.
 *
 * @example
 * const job = defineJob('checkpointed', (env) => {
 *   env.enableCheckpointing(10_000)
 *   env
 *     .getCheckpointConfig()
 *     .setMaxConcurrentCheckpoints(2)
 *     .setTolerableCheckpointFailureNumber(3)
 *   env.fromSequence(1, 10).print()
 * })
 * planJob(job).configuration.entries()['execution.checkpointing.tolerable-failed-checkpoints'] // -> '3'
 */
export class CheckpointConfig {
  readonly #configure: (entries: ConfigurationEntries) => void

  /** @internal Made by the environment. */
  constructor(configure: (entries: ConfigurationEntries) => void) {
    this.#configure = configure
  }

  /**
   * The time from the start of one checkpoint to the start of the next: `execution.checkpointing.interval`.
   *
   * @param intervalMs - milliseconds, 10 or more.
   * @throws ApiError `INVALID_CHECKPOINTING`, as all setters here.
   * @example
   * const job = defineJob('checkpointed', (env) => {
   *   env.getCheckpointConfig().setCheckpointInterval(60_000)
   *   env.fromElements(1).print()
   * })
   * 'execution.checkpointing.interval' in planJob(job).configuration.entries() // -> true
   */
  setCheckpointInterval(intervalMs: number): this {
    return this.#set('setCheckpointInterval', 'interval', milliseconds('interval', intervalMs, SHORTEST_MS))
  }

  /**
   * Whether each record counts exactly once in all state after a restart, or at least once (inputs then need not wait for
   * each other's barriers): `execution.checkpointing.mode`.
   *
   * @param mode - `EXACTLY_ONCE`, the default, or `AT_LEAST_ONCE`.
   * @example
   * const job = defineJob('at-least-once', (env) => {
   *   env.enableCheckpointing(1_000).getCheckpointConfig().setCheckpointingConsistencyMode('AT_LEAST_ONCE')
   *   env.fromElements(1).print()
   * })
   * planJob(job).configuration.entries()['execution.checkpointing.mode'] // -> 'AT_LEAST_ONCE'
   */
  setCheckpointingConsistencyMode(mode: CheckpointingMode): this {
    return this.#set('setCheckpointingConsistencyMode', 'mode', oneOf('mode', mode, MODES))
  }

  /**
   * How long a checkpoint or savepoint may take before it counts as failed: `execution.checkpointing.timeout`.
   *
   * @param timeoutMs - milliseconds, 10 or more.
   * @example
   * const job = defineJob('patient', (env) => {
   *   env.enableCheckpointing(1_000).getCheckpointConfig().setCheckpointTimeout(5)
   *   env.fromElements(1).print()
   * })
   * planJob(job) // throws ApiError: from 10 to
   */
  setCheckpointTimeout(timeoutMs: number): this {
    return this.#set('setCheckpointTimeout', 'timeout', milliseconds('timeout', timeoutMs, SHORTEST_MS))
  }

  /**
   * The time from the end of one checkpoint until the next may start: `execution.checkpointing.min-pause`.
   *
   * @param pauseMs - milliseconds, 0 or more.
   * @example
   * const job = defineJob('with-pauses', (env) => {
   *   env.enableCheckpointing(1_000).getCheckpointConfig().setMinPauseBetweenCheckpoints(500)
   *   env.fromElements(1).print()
   * })
   * 'execution.checkpointing.min-pause' in planJob(job).configuration.entries() // -> true
   */
  setMinPauseBetweenCheckpoints(pauseMs: number): this {
    return this.#set('setMinPauseBetweenCheckpoints', 'min-pause', milliseconds('pause', pauseMs, 0))
  }

  /**
   * How many checkpoints may be under way at the same time: `execution.checkpointing.max-concurrent-checkpoints`.
   *
   * @param count - from 1 to 100.
   * @example
   * const job = defineJob('overlapping', (env) => {
   *   env.enableCheckpointing(1_000).getCheckpointConfig().setMaxConcurrentCheckpoints(2)
   *   env.fromElements(1).print()
   * })
   * planJob(job).configuration.entries()['execution.checkpointing.max-concurrent-checkpoints'] // -> '2'
   */
  setMaxConcurrentCheckpoints(count: number): this {
    return this.#set(
      'setMaxConcurrentCheckpoints',
      'max-concurrent-checkpoints',
      integer('number of checkpoints', count, 1, 100),
    )
  }

  /**
   * How many checkpoints may fail one after the other: `execution.checkpointing.tolerable-failed-checkpoints`.
   *
   * @param count - 0 or more; one more failure restarts the job.
   * @example
   * const job = defineJob('tolerant', (env) => {
   *   env.enableCheckpointing(1_000).getCheckpointConfig().setTolerableCheckpointFailureNumber(3)
   *   env.fromElements(1).print()
   * })
   * planJob(job).configuration.entries()['execution.checkpointing.tolerable-failed-checkpoints'] // -> '3'
   */
  setTolerableCheckpointFailureNumber(count: number): this {
    return this.#set(
      'setTolerableCheckpointFailureNumber',
      'tolerable-failed-checkpoints',
      integer('number of failures', count, 0, LONGEST_MS),
    )
  }

  /**
   * Which checkpoints outlive the job: `execution.checkpointing.externalized-checkpoint-retention`.
   *
   * @param retention - `RETAIN_ON_CANCELLATION`, `DELETE_ON_CANCELLATION` or `NO_EXTERNALIZED_CHECKPOINTS`.
   * @example
   * const job = defineJob('kept', (env) => {
   *   env.enableCheckpointing(1_000)
   *   env
   *     .getCheckpointConfig()
   *     .setCheckpointStorage('./checkpoints')
   *     .setExternalizedCheckpointRetention('RETAIN_ON_CANCELLATION')
   *   env.fromElements(1).print()
   * })
   * planJob(job).configuration.entries()['execution.checkpointing.dir'] // -> './checkpoints'
   */
  setExternalizedCheckpointRetention(retention: CheckpointRetention): this {
    return this.#set(
      'setExternalizedCheckpointRetention',
      'externalized-checkpoint-retention',
      oneOf('retention', retention, RETENTIONS),
    )
  }

  /**
   * Where checkpoints are kept: `execution.checkpointing.dir`. Without one they are in memory, and end with the process.
   *
   * @param directory - a path, relative to the job file, or a `file:` URL.
   * @example
   * const job = defineJob('on-disk', (env) => {
   *   env.enableCheckpointing(1_000).getCheckpointConfig().setCheckpointStorage('./checkpoints')
   *   env.fromElements(1).print()
   * })
   * planJob(job).configuration.entries()['execution.checkpointing.dir'] // -> './checkpoints'
   */
  setCheckpointStorage(directory: string): this {
    return this.#set('setCheckpointStorage', 'dir', ({ what, facts }) =>
      checkText('directory', 'INVALID_CHECKPOINTING', directory, { what, facts }),
    )
  }

  #set(method: string, option: string, check: Check): this {
    this.#configure({ [`execution.checkpointing.${option}`]: check(callOf(method)) })
    return this
  }
}

/** The setting as the configuration takes it; throws if it cannot be. */
type Check = (call: ReturnType<typeof callOf>) => string | number

function milliseconds(setting: string, value: unknown, from: number): Check {
  const check = integer(`${setting} in milliseconds`, value, from, LONGEST_MS)
  return (call) => `${check(call)} ms`
}

function integer(setting: string, value: unknown, from: number, to: number): Check {
  return ({ what, facts }) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value
    throw new ApiError(
      'INVALID_CHECKPOINTING',
      `${what} got ${show(value)}: the ${setting} is an integer from ${from} to ${to}`,
      { ...facts, value },
    )
  }
}

function oneOf(setting: string, value: unknown, choices: readonly string[]): Check {
  return ({ what, facts }) => {
    if (typeof value === 'string' && choices.includes(value)) return value
    throw new ApiError(
      'INVALID_CHECKPOINTING',
      `${what} got ${show(value)}: the ${setting} is ${choices.join(' or ')}`,
      {
        ...facts,
        value,
      },
    )
  }
}
