import type { Plan } from '../graph/plan.ts'
import { jobFingerprint } from '../protocol/job-fingerprint.ts'
import type { JobReference } from '../protocol/slot-deployment.ts'
import { TaskError } from './task-error.ts'

/** Fails unless this thread built the same graph as the coordinator; names the first operator that differs. */
export function checkSameGraph(plan: Plan, job: JobReference): void {
  const fingerprint = jobFingerprint(plan.jobGraph.fingerprint, job.bundleSha256)
  if (fingerprint === job.fingerprint) return
  const here = plan.jobGraph.vertices.flatMap(({ operators }) => operators)
  const count = Math.max(here.length, job.operators.length)
  let difference = 'the same operators, but with other settings or edges'
  for (let i = 0; i < count; i++) {
    const expected = job.operators[i]
    const found = here[i]
    if (expected?.id === found?.id && expected?.name === found?.name) continue
    // Ids depend on what surrounds an operator, so names may agree.
    difference =
      expected?.name === found?.name
        ? `the operator ${describe(found)} with other inputs or outputs than the coordinator built`
        : `the operator ${describe(found)} where the coordinator built ${describe(expected)}`
    break
  }
  throw new TaskError(
    'JOB_DIFFERS_IN_WORKER',
    `Job "${plan.jobGraph.jobName}" builds differently in a worker: ${difference}. The function given to defineJob must be pure: it runs once in each thread and must not depend on the time, on random numbers, on files or on what differs between threads.`,
    { fingerprint, expected: job.fingerprint },
  )
}

function describe(operator: { readonly name: string; readonly id: string } | undefined): string {
  return operator === undefined ? 'nothing' : `"${operator.name}"`
}
