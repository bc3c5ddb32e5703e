import { MillraceError } from '../base/error.ts'
import { bufferTimeoutMs } from '../configuration/buffer-timeout.ts'
import { CheckpointingOptions } from '../configuration/checkpointing-options.ts'
import { Configuration } from '../configuration/configuration.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import type { GraphSettings } from '../graph/graph-settings.ts'
import type { Transformation } from '../graph/transformation.ts'
import { MAX_PARALLELISM_LIMIT } from '../keys/max-parallelism.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import { isJobDefinition, type JobDefinition } from './job-definition.ts'
import { JobError } from './job-error.ts'
import { type JobWarning, parallelismHasNoEffect, statefulWithoutUid, unusedSource } from './job-warning.ts'
import { parallelismLimit } from './operator-settings.ts'
import { show } from './setting-checks.ts'
import { StreamExecutionEnvironment } from './stream-execution-environment.ts'
import type { OperatorTransformation } from './topology.ts'

/** What a job is built with: the same in every thread. */
export interface JobOptions {
  /** What the job's function gets as `args`. */
  readonly args?: readonly string[] | undefined
  /** Everything that was set outside of the job. */
  readonly configuration?: Configuration | undefined
  /** `-p`: replaces `env.setParallelism` and `parallelism.default`. */
  readonly parallelism?: number | undefined
  /** By operator id, of state that the job starts from: for operators whose max parallelism nobody sets. */
  readonly maxParallelisms?: Readonly<Record<string, number>> | undefined
}

/** What one run of a job's function has added, before it is planned. */
export interface BuiltJob {
  /** Operators and sinks in the order of calls, as the planner takes them. */
  readonly transformations: readonly Transformation[]
  readonly settings: GraphSettings
  /** With what the job itself set by `env.configure` and the like. */
  readonly configuration: Configuration
  readonly registeredTypes: TypeRegistry
  readonly warnings: readonly JobWarning[]
}

/**
 * Runs the function of a job and resolves what it set. Same definition and options, same result.
 *
 * @throws JobError if the job cannot be built. Errors of Millrace that the function ran into (ApiError,
 *   ConfigurationError, ...) come through as they are: they say what to change.
 */
export function buildJob(definition: JobDefinition, options: JobOptions = {}): BuiltJob {
  if (!isJobDefinition(definition)) {
    throw new JobError(
      'NOT_A_JOB',
      `Cannot build ${show(definition)}: a job comes from defineJob(name, (env, args) => { ... })`,
    )
  }
  const { args = [], configuration = Configuration.empty, parallelism, maxParallelisms } = options
  checkDashP(parallelism)
  const env = new StreamExecutionEnvironment(configuration)
  runBuilder(definition, env, Object.freeze([...args]))
  const { topology } = env
  topology.seal()
  if (topology.operators.length === 0) throw noOperators(definition.name, topology.sources)

  const settings = { ...graphSettings(definition, env, parallelism), ...(maxParallelisms && { maxParallelisms }) }
  const sources = sourcesOf(topology.operators)
  const operators = inOrder([...sources, ...topology.operators])
  const noEffect = parallelismHasNoEffect(operators.filter(hasChoice), parallelism)
  const configurationWarnings = env.configuration.warnings.map(
    ({ message }): JobWarning => ({ code: 'CONFIGURATION', message, operators: [] }),
  )
  const takesCheckpoints = (env.configuration.get(CheckpointingOptions.CHECKPOINTING_INTERVAL) ?? 0) > 0
  const others = [noEffect, statefulWithoutUid(operators, takesCheckpoints), unusedSource(topology, sources)]
  return {
    transformations: topology.operators,
    settings,
    configuration: env.configuration,
    registeredTypes: env.typeRegistry,
    warnings: [...configurationWarnings, ...others.filter((warning) => warning !== undefined)],
  }
}

function runBuilder({ name, build }: JobDefinition, env: StreamExecutionEnvironment, args: readonly string[]): void {
  let result: unknown
  try {
    result = build(env, args) as unknown
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const message = cause instanceof Error ? cause.message : show(cause)
    throw new JobError(
      'BUILDER_THREW',
      `Cannot build job "${name}": its function threw: ${message}. It runs in every thread, to build the job only: ` +
        'move what can fail into a source, a sink or the open() of a rich function',
      { name },
      { cause },
    )
  }
  if (!isThenable(result)) return
  // The error below says all there is to say; how the promise ends is nobody's concern.
  Promise.resolve(result).catch(() => undefined)
  throw new JobError(
    'BUILDER_IS_ASYNC',
    `Cannot build job "${name}": its function returned a promise, but building is synchronous: ` +
      'open resources in a source, a sink or the open() of a rich function',
    { name },
  )
}

function graphSettings(
  definition: JobDefinition,
  env: StreamExecutionEnvironment,
  dashP: number | undefined,
): GraphSettings {
  const { configuration } = env
  const maxParallelism = configuration.get(ConfigurationOptions.MAX_PARALLELISM)
  return {
    jobName: configuration.get(ConfigurationOptions.JOB_NAME) ?? definition.name,
    parallelism: dashP ?? env.parallelism ?? configuration.get(ConfigurationOptions.PARALLELISM),
    ...(maxParallelism > 0 && { maxParallelism }),
    chaining: configuration.get(ConfigurationOptions.OPERATOR_CHAINING),
    bufferTimeoutMs: bufferTimeoutMs(configuration),
  }
}

function checkDashP(parallelism: number | undefined): void {
  if (parallelism === undefined) return
  if (Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= MAX_PARALLELISM_LIMIT) return
  throw new JobError(
    'INVALID_PARALLELISM',
    `Cannot run a job with parallelism ${show(parallelism)} (-p): give an integer from 1 to ${MAX_PARALLELISM_LIMIT}`,
    { value: parallelism },
  )
}

/** Whether `-p` could ever have an effect on the operator. */
function hasChoice({ operator, settings }: OperatorTransformation): boolean {
  if (settings.nonParallel || parallelismLimit(operator) === 1) return false
  return (
    settings.parallelism !== undefined || operator.kind !== 'source' || operator.source.defaultParallelism === undefined
  )
}

function noOperators(jobName: string, sources: readonly OperatorTransformation[]): JobError {
  const hint =
    sources.length === 0
      ? 'call env.fromElements, env.fromSource or the like, and end the stream in sinkTo, print or collect'
      : 'its sources are read by nobody; end each stream in sinkTo, print or collect'
  return new JobError('NO_OPERATORS', `Job "${jobName}" has no operators: ${hint}`, { jobName })
}

/** The sources that the operators read, directly or not. */
function sourcesOf(operators: readonly OperatorTransformation[]): ReadonlySet<OperatorTransformation> {
  const found = new Set<OperatorTransformation>()
  const seen = new Set<Transformation>()
  const open: Transformation[] = [...operators]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (next.kind === 'source') found.add(next)
    open.push(...inputsOf(next))
  }
  return found
}

function inputsOf(transformation: Transformation): readonly Transformation[] {
  switch (transformation.kind) {
    case 'source':
      return []
    case 'two-input':
      return [transformation.firstInput, transformation.secondInput]
    case 'union':
      return transformation.inputs
    default:
      return [transformation.input]
  }
}

function inOrder(operators: readonly OperatorTransformation[]): readonly OperatorTransformation[] {
  return operators.toSorted((a, b) => a.id - b.id)
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
