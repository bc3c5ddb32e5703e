import type { Configuration } from '../configuration/configuration.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import { generatePlan } from '../graph/generate-plan.ts'
import type { Plan } from '../graph/plan.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import { buildJob, type JobOptions } from './build-job.ts'
import type { JobDefinition } from './job-definition.ts'
import { JobError } from './job-error.ts'
import type { JobWarning } from './job-warning.ts'

/** A job that is ready to run: its graph, this thread's functions, and what holds for it. */
export interface PlannedJob {
  readonly plan: Plan
  /** With what the job itself set by `env.configure` and the like. */
  readonly configuration: Configuration
  readonly registeredTypes: TypeRegistry
  readonly warnings: readonly JobWarning[]
}

/**
 * Builds a job and plans it. Coordinator and workers each do so; with the same definition and options all get a graph
 * of the same fingerprint.
 *
 * @throws JobError, or any error of Millrace that the job's function or the planner runs into.
 * @example
 * const job = defineJob('two-steps', (env) => {
 *   env.fromSequence(1, 10).keyBy((n) => n % 2).reduce((a, b) => a + b).print()
 * })
 * const { plan, warnings } = planJob(job, { parallelism: 2 })
 * plan.jobGraph.vertices.map((vertex) => vertex.name) // -> ['Source: Sequence Source', 'Keyed Reduce -> Print to Std. Out: Writer']
 * warnings.map((warning) => warning.code) // -> ['STATEFUL_WITHOUT_UID']
 */
export function planJob(definition: JobDefinition, options: JobOptions = {}): PlannedJob {
  const { transformations, settings, configuration, registeredTypes, warnings } = buildJob(definition, options)
  const plan = generatePlan(transformations, settings)
  if (!configuration.get(ConfigurationOptions.GENERIC_TYPES)) checkTypesDeclared(plan)
  return { plan, configuration, registeredTypes, warnings }
}

function checkTypesDeclared({ jobGraph, edges }: Plan): void {
  const { vertices, jobName } = jobGraph
  const undeclared = jobGraph.edges
    .filter(({ index }) => edges[index]?.recordType === undefined)
    .map(({ sourceVertex, sourceOperator }) => vertices[sourceVertex]?.operators[sourceOperator]?.name)
  if (undeclared.length === 0) return
  const operators = [...new Set(undeclared)]
  throw new JobError(
    'GENERIC_TYPES_DISABLED',
    `Cannot plan job "${jobName}": generic types are disabled, but records of an undeclared type leave ` +
      `${operators.map((name) => `"${name}"`).join(', ')}; declare each by .returns(type)`,
    { jobName, operators },
  )
}
