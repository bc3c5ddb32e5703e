import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { withoutCallLocations } from '../api/call-location.ts'
import type { JobDefinition } from '../api/job-definition.ts'
import { planJob } from '../api/plan-job.ts'
import { Configuration } from '../configuration/configuration.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import type { JobReference } from '../protocol/slot-deployment.ts'
import { UserValues } from '../protocol/user-values.ts'
import { checkSameGraph } from './check-same-graph.ts'
import type { SlotPlan } from './slot-parts.ts'
import { TaskError } from './task-error.ts'

/** Builds the job in this thread from its bundle. Fails if the graph is not the coordinator's. */
export async function loadPlan(job: JobReference): Promise<SlotPlan> {
  checkBundle(job, await readFile(fileURLToPath(job.bundleUrl)))
  // What it exports is checked by buildJob, and was checked on the coordinator before.
  const { default: definition } = (await import(job.bundleUrl)) as { readonly default: JobDefinition }
  return buildSlotPlan(definition, job)
}

function checkBundle({ bundleUrl, bundleSha256 }: JobReference, bytes: Uint8Array): void {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 === bundleSha256) return
  throw new TaskError(
    'BUNDLE_CHANGED',
    `The bundle of the job, ${bundleUrl}, has changed since the job was submitted: its digest is ${sha256}, not ${bundleSha256}. Submit the job again.`,
    { bundleUrl, sha256, expected: bundleSha256 },
  )
}

/** The part of {@link loadPlan} that needs no file. */
export function buildSlotPlan(definition: JobDefinition, job: JobReference): SlotPlan {
  const planned = withoutCallLocations(() =>
    planJob(definition, {
      args: job.args,
      configuration: Configuration.fromEntries(job.configuration),
      parallelism: job.parallelism,
      maxParallelisms: job.maxParallelisms,
    }),
  )
  checkSameGraph(planned.plan, job)
  const { configuration } = planned
  return {
    plan: planned.plan,
    registry: planned.registeredTypes,
    values: new UserValues(planned.registeredTypes),
    genericTypes: configuration.get(ConfigurationOptions.GENERIC_TYPES),
    checkMutation: configuration.get(ConfigurationOptions.CHECK_MUTATION),
    overflowBytesMax: configuration.get(ConfigurationOptions.MAX_OVERFLOW),
  }
}
