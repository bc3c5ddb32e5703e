import type { JobDefinition } from '../api/job-definition.ts'
import { type PlannedJob, planJob } from '../api/plan-job.ts'
import type { AttemptPlan } from './job-attempt.ts'
import type { JobRestore } from './job-manager.ts'
import { jobReference } from './job-settings.ts'
import { maxParallelismOverrides, maxParallelismsOfGraph } from './max-parallelism-overrides.ts'

type MaxParallelisms = Readonly<Record<string, number>>

/** The plans of one job: the first, with the key groups of the state that it starts from, and those for other parallelisms. */
export class AttemptPlans {
  readonly first: AttemptPlan
  readonly #parts: AttemptPlansParts

  constructor(parts: AttemptPlansParts, restore: JobRestore | undefined) {
    this.#parts = parts
    this.first =
      restore === undefined
        ? this.#attemptPlan(parts.planned, parts.parallelism, {})
        : this.#plan(parts.parallelism, maxParallelismOverrides(restore.snapshot.metadata, restore.settings.dropState))
  }

  /** For another parallelism of the environment; key groups stay as they are. Throws if the job cannot have it. */
  at(parallelism: number): AttemptPlan {
    return this.#plan(parallelism, maxParallelismsOfGraph(this.first.plan.jobGraph))
  }

  #plan(parallelism: number | undefined, maxParallelisms: MaxParallelisms): AttemptPlan {
    const { definition, planned, args } = this.#parts
    const { configuration } = planned
    return this.#attemptPlan(
      planJob(definition, { args, configuration, parallelism, maxParallelisms }),
      parallelism,
      maxParallelisms,
    )
  }

  #attemptPlan(planned: PlannedJob, parallelism: number | undefined, maxParallelisms: MaxParallelisms): AttemptPlan {
    const { args, bundleUrl, bundleSha256 } = this.#parts
    return {
      plan: planned.plan,
      job: jobReference(planned, { bundleUrl, bundleSha256, args, parallelism, maxParallelisms }),
    }
  }
}

export interface AttemptPlansParts {
  readonly definition: JobDefinition
  /** With the parallelism below. */
  readonly planned: PlannedJob
  readonly args: readonly string[]
  /** `-p`, if given. */
  readonly parallelism: number | undefined
  readonly bundleUrl: string
  readonly bundleSha256: string
}
