import {
  type Boundedness,
  ConnectorError,
  FixedSplitEnumerator,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from '@millrace/runtime/connector'
import { DataGeneratorReader } from './data-generator-reader.ts'
import { type DataGeneratorSplit, evenBound, WITHOUT_END } from './data-generator-split.ts'
import { type FieldGenerators, recordGenerator } from './field-generators.ts'
import type { RecordRandom } from './record-random.ts'

/** Which subtask makes which records until the parallelism changes: `ranges` of neighbours, or `interleaved`, where subtask s of p makes s, s + p, ... */
export type RecordAssignment = 'ranges' | 'interleaved'

/** What {@link DataGeneratorSource} makes: by a `generator` of records, or by `fields`. */
export type DataGeneratorOptions<T> = DataGeneratorLimits &
  (
    | {
        /** Makes the record at `index`, counted from 0 over all subtasks, from the index and `random` alone. */
        readonly generator: (index: number, random: RecordRandom) => T
        readonly fields?: never
      }
    | {
        /** Makes each field of the record. */
        readonly fields: FieldGenerators<T>
        readonly generator?: never
      }
  )

/** How many records, how fast, and by whom. */
export interface DataGeneratorLimits {
  /** Of all subtasks together. Without it the source never ends. */
  readonly count?: number
  /** Of all subtasks together; each gets an equal share. Without it records are made as fast as they are taken. */
  readonly recordsPerSecond?: number
  /** Another seed draws other numbers; 0 by default. */
  readonly seed?: number
  /** `ranges` by default if there is a `count`, else `interleaved`. */
  readonly assignment?: RecordAssignment
}

/**
 * Makes records, for tests, demonstrations and benchmarks. Record i is a function of i and the seed, so the set of
 * records does not depend on the parallelism, and records can be made again. Snapshots keep how far each subtask has come:
 * after a restore the remaining records are made, the same as without, by all subtasks there are then.
 *
 * @throws ConnectorError `INVALID_OPTION`
 *
 * @example
 * const orders = new DataGeneratorSource({
 *   fields: { id: sequence(), user: choice(['ann', 'bob']), amount: uniformInt(1, 100), at: timestamp({ stepMs: 10 }) },
 *   count: 1_000,
 *   recordsPerSecond: 10_000,
 * })
 * const squares = new DataGeneratorSource({ generator: (index) => index ** 2, count: 4 })
 * const job = defineJob('generated', (env) => {
 *   env.fromSource(orders, WatermarkStrategy.noWatermarks(), 'Orders').map(({ id }) => id).collect('ids')
 *   env.fromSource(squares, WatermarkStrategy.noWatermarks(), 'Squares').collect('squares')
 * })
 * const result = await runInSimulation(job, { parallelism: 2 })
 * result.collected<number>('ids').length // -> 1000
 * result.collected<number>('squares').toSorted() // -> [0, 1, 4, 9]
 */
export class DataGeneratorSource<T> implements Source<T, DataGeneratorSplit> {
  readonly boundedness: Boundedness
  readonly #generator: (index: number, random: RecordRandom) => T
  readonly #limits: DataGeneratorLimits

  constructor(options: DataGeneratorOptions<T>) {
    checkLimits(options)
    this.boundedness = options.count === undefined ? 'continuous-unbounded' : 'bounded'
    this.#generator = options.generator ?? recordGenerator(options.fields)
    this.#limits = options
  }

  createEnumerator(context: SplitEnumeratorContext<DataGeneratorSplit>): SplitEnumerator {
    return new FixedSplitEnumerator(splitsOf(this.#limits, context.parallelism), context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<DataGeneratorSplit>, state: unknown): SplitEnumerator {
    return FixedSplitEnumerator.restore(state, context)
  }

  createReader(context: SourceReaderContext): SourceReader<T, DataGeneratorSplit> {
    const { recordsPerSecond, seed = 0 } = this.#limits
    return new DataGeneratorReader({ generator: this.#generator, seed, recordsPerSecond }, context)
  }
}

function splitsOf({ count, assignment }: DataGeneratorLimits, parallelism: number): DataGeneratorSplit[] {
  const isInRanges = (assignment ?? (count === undefined ? 'interleaved' : 'ranges')) === 'ranges'
  const end = count ?? WITHOUT_END
  const rateShare = 1 / parallelism
  const splits: DataGeneratorSplit[] = Array.from({ length: parallelism }, (_, index) => ({
    splitId: String(index),
    rateShare,
    ...(isInRanges
      ? { first: evenBound(end, index, parallelism), end: evenBound(end, index + 1, parallelism), step: 1 }
      : { first: index, end, step: parallelism }),
  }))
  // Those without records are the last ones: the others keep their subtask.
  return splits.filter((split) => split.first < split.end)
}

function checkLimits({ count, recordsPerSecond, seed, assignment }: DataGeneratorLimits): void {
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0)) {
    throw invalid('count', count, 'must be an integer of at least 0')
  }
  if (recordsPerSecond !== undefined && !(Number.isFinite(recordsPerSecond) && recordsPerSecond > 0)) {
    throw invalid('recordsPerSecond', recordsPerSecond, 'must be a number above 0')
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw invalid('seed', seed, 'must be an integer')
  if (assignment === 'ranges' && count === undefined) {
    throw invalid('assignment', assignment, 'needs a count, since without one records are interleaved')
  }
}

function invalid(option: string, value: unknown, rule: string): ConnectorError {
  return new ConnectorError('INVALID_OPTION', `${option} ${rule}; it is ${String(value)}`, { option, value })
}
