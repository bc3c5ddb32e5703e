import type { SynchronousOnly } from './function-checks.ts'
import { JobError } from './job-error.ts'
import { show } from './setting-checks.ts'
import type { StreamExecutionEnvironment } from './stream-execution-environment.ts'

// Registered, so that several copies of the runtime in one process recognise each other's jobs.
const jobBrand: unique symbol = Symbol.for('millrace.job-definition')

/** Adds the operators of a job to `env`. Pure and synchronous: it runs once in every thread of the job. */
export type JobBuilder = (env: StreamExecutionEnvironment, args: readonly string[]) => void

/** A job that is not built yet: what a job module exports by default. */
export interface JobDefinition {
  /** The version of this shape. */
  readonly [jobBrand]: 1
  readonly name: string
  readonly build: JobBuilder
}

type NoPromiseFromBuilder =
  'The function given to defineJob may not return a promise: open resources in a source, a sink or a rich function'

/**
 * Defines a job. A job module exports it by default: `export default defineJob('word-count', (env, args) => { ... })`.
 *
 * Building is not executing. `build` runs once on the coordinator and once in each worker thread, and must add the same
 * operators each time: it depends on `args` only, and does no I/O. The top level of the module runs once per thread,
 * too, and its variables are not shared between threads.
 *
 * @param name - for logs and plans.
 * @param build - synchronous. Gets the environment, and the arguments after `--` on the command line.
 * @throws JobError `INVALID_JOB_NAME` or `NOT_A_JOB`.
 * @example
 * const job = defineJob('repeat', (env, args) => {
 *   const [times = '1'] = args
 *   env.fromSequence(1, Number(times)).map((n) => `line ${n}`).print()
 * })
 * const result = await runInSimulation(job, { args: ['2'] })
 * result.printed // -> ['line 1', 'line 2']
 */
export function defineJob<R>(
  name: string,
  build: ((env: StreamExecutionEnvironment, args: readonly string[]) => R) & SynchronousOnly<R, NoPromiseFromBuilder>,
): JobDefinition {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new JobError('INVALID_JOB_NAME', `Cannot name a job ${show(name)}: give it a non-empty text`, { name })
  }
  if (typeof build !== 'function') {
    throw new JobError(
      'NOT_A_JOB',
      `Cannot define job "${name}" by ${show(build)}: give it a function (env, args) => { ... }`,
      {
        name,
      },
    )
  }
  const definition: JobDefinition = { [jobBrand]: 1, name, build: build as JobBuilder }
  return Object.freeze(definition)
}

/**
 * Whether a value came from `defineJob`, be it of another copy of the runtime.
 *
 * @example
 * isJobDefinition(defineJob('empty', () => {})) // -> true
 * isJobDefinition({ name: 'empty' }) // -> false
 */
export function isJobDefinition(value: unknown): value is JobDefinition {
  return typeof value === 'object' && value !== null && jobBrand in value && value[jobBrand] === 1
}
