import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { JobInfo } from '../connector/job-info.ts'
import type { SinkWriterContext, TextOutput } from '../connector/sink.ts'
import type { TaskInfo } from '../connector/task-info.ts'
import type { Counter, Gauge, MetricGroup } from '../metrics/metric-group.ts'

/**
 * Counters and gauges that a test reads afterwards.
 *
 * @example
 * const metrics = new RecordedMetrics()
 * metrics.counter('lines').inc(2)
 * metrics.values() // -> { lines: 2 }
 */
export class RecordedMetrics implements MetricGroup {
  readonly #counters = new Map<string, { value: number; counter: Counter & Gauge }>()

  counter(name: string): Counter {
    return this.#number(name)
  }

  gauge(name: string): Gauge {
    return this.#number(name)
  }

  #number(name: string): Counter & Gauge {
    const known = this.#counters.get(name)
    if (known !== undefined) return known.counter
    const entry = {
      value: 0,
      counter: {
        inc: (n = 1) => {
          entry.value += n
        },
        set: (value: number) => {
          entry.value = value
        },
        count: () => entry.value,
      },
    }
    this.#counters.set(name, entry)
    return entry.counter
  }

  /**
   * The value of every counter and gauge that was asked for, by name.
   *
   * @example
   * const metrics = new RecordedMetrics()
   * metrics.counter('lines')
   * metrics.values() // -> { lines: 0 }
   */
  values(): Record<string, number> {
    return Object.fromEntries([...this.#counters].map(([name, { value }]) => [name, value]))
  }
}

/**
 * A logger that drops everything.
 *
 * @example
 * silentLogger.info('nobody reads this') // -> undefined
 */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}

/**
 * The task that a connector under test believes to be.
 *
 * @example
 * testTaskInfo(1, 4) // -> { name: 'test', index: 1, parallelism: 4, maxParallelism: 128, attempt: 0 }
 */
export function testTaskInfo(index: number, parallelism: number): TaskInfo {
  return { name: 'test', index, parallelism, maxParallelism: 128, attempt: 0 }
}

/**
 * The job that a connector under test believes to be part of: without checkpoints, unless `changes` says otherwise.
 *
 * @example
 * testJobInfo({ jobName: 'orders' }).jobName // -> 'orders'
 */
export function testJobInfo(changes: Partial<JobInfo> = {}): JobInfo {
  return {
    jobId: '0'.repeat(32),
    jobName: 'test',
    checkpointing: undefined,
    onLostTransaction: 'fail',
    kafkaDriver: 'kafkajs',
    ...changes,
  }
}

/** What {@link testSinkWriterContext} may be told. */
export interface TestSinkOptions {
  readonly clock: Clock
  readonly subtaskIndex?: number
  readonly parallelism?: number
  readonly signal?: AbortSignal
  readonly metrics?: MetricGroup
  readonly standardOutput?: TextOutput
  /** False unless given. */
  readonly checkpointingEnabled?: boolean
  readonly restoredCheckpointId?: number
  readonly jobInfo?: JobInfo
}

/**
 * The context of one writer of a sink under test.
 *
 * @example
 * const lines: string[] = []
 * const standardOutput = { write: (text: string) => void lines.push(text) }
 * const context = testSinkWriterContext({ clock: new SystemClock(), standardOutput })
 * const writer = new PrintSink<string>().createWriter(context)
 * await writer.write('a')
 * lines // -> ['a\n']
 */
export function testSinkWriterContext(options: TestSinkOptions): SinkWriterContext {
  return {
    taskInfo: testTaskInfo(options.subtaskIndex ?? 0, options.parallelism ?? 1),
    jobInfo: options.jobInfo ?? testJobInfo(),
    logger: silentLogger,
    metrics: options.metrics ?? new RecordedMetrics(),
    clock: options.clock,
    signal: options.signal ?? new AbortController().signal,
    standardOutput: options.standardOutput ?? { write: () => {} },
    checkpointingEnabled: options.checkpointingEnabled ?? false,
    restoredCheckpointId: options.restoredCheckpointId,
  }
}
