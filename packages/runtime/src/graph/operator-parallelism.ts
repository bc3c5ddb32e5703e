import { MAX_PARALLELISM_LIMIT } from '../keys/max-parallelism.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import { GraphError, operatorInWords } from './graph-error.ts'
import type { GraphSettings } from './graph-settings.ts'
import type { OperatorSettings } from './transformation.ts'

export interface OperatorParallelism {
  readonly parallelism: number
  /** Of the operator, else of the job; undefined if neither sets one. */
  readonly explicitMaxParallelism: number | undefined
}

/** The job's own values must be valid before any operator inherits them. */
export function checkJobParallelism({ jobName, parallelism, maxParallelism }: GraphSettings): void {
  const job = `job "${jobName}"`
  checkCount('INVALID_PARALLELISM', 'parallelism', parallelism, job, { jobName })
  if (maxParallelism === undefined) return
  checkCount('INVALID_MAX_PARALLELISM', 'max parallelism', maxParallelism, job, { jobName })
}

/** The narrower setting wins: the operator's, then a source's own default, then the job's. */
export function resolveParallelism(
  definition: OperatorDefinition,
  settings: OperatorSettings,
  job: GraphSettings,
): OperatorParallelism {
  if (settings.nonParallel) return { parallelism: 1, explicitMaxParallelism: 1 }
  const operator = operatorInWords(settings)
  const facts = { operator: settings.name, location: settings.location }
  const limit = parallelismLimit(definition)
  const parallelism = settings.parallelism ?? Math.min(defaultParallelism(definition) ?? job.parallelism, limit)
  checkCount('INVALID_PARALLELISM', 'parallelism', parallelism, operator, facts)
  if (parallelism > limit) {
    throw new GraphError(
      'PARALLELISM_NOT_SUPPORTED',
      `Cannot run ${operator} with parallelism ${parallelism}: its ${definition.kind} supports at most ${limit}; ` +
        `set ${limit} or less, or leave it unset`,
      { ...facts, parallelism, limit },
    )
  }
  const explicitMaxParallelism = settings.maxParallelism ?? job.maxParallelism
  if (explicitMaxParallelism === undefined) return { parallelism, explicitMaxParallelism }
  checkCount('INVALID_MAX_PARALLELISM', 'max parallelism', explicitMaxParallelism, operator, facts)
  if (parallelism > explicitMaxParallelism) {
    throw new GraphError(
      'PARALLELISM_ABOVE_MAXIMUM',
      `Cannot run ${operator} with parallelism ${parallelism}: its max parallelism is ${explicitMaxParallelism}; ` +
        'raise the one or lower the other',
      { ...facts, parallelism, maxParallelism: explicitMaxParallelism },
    )
  }
  return { parallelism, explicitMaxParallelism }
}

function defaultParallelism(definition: OperatorDefinition): number | undefined {
  return definition.kind === 'source' ? definition.source.defaultParallelism : undefined
}

function parallelismLimit(definition: OperatorDefinition): number {
  if (definition.kind === 'source') return definition.source.parallelismMax ?? Number.POSITIVE_INFINITY
  if (definition.kind === 'sink') return definition.sink.parallelismMax ?? Number.POSITIVE_INFINITY
  return Number.POSITIVE_INFINITY
}

function checkCount(
  code: 'INVALID_PARALLELISM' | 'INVALID_MAX_PARALLELISM',
  setting: string,
  value: number,
  owner: string,
  facts: Readonly<Record<string, unknown>>,
): void {
  if (Number.isInteger(value) && value >= 1 && value <= MAX_PARALLELISM_LIMIT) return
  throw new GraphError(
    code,
    `Cannot run ${owner} with ${setting} ${value}: it must be an integer from 1 to ${MAX_PARALLELISM_LIMIT}`,
    { ...facts, value },
  )
}
