import type { RescaleResult } from '../cluster/job-handle.ts'
import { exitStatus } from './exit-status.ts'
import { findJob } from './find-job.ts'
import type { RescaleRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'
import { elapsed } from './quantities.ts'
import { rescaleTable } from './rescale-table.ts'

/** Restarts a job at another parallelism, and shows what it was before and is now. */
export async function rescaleCommand(request: RescaleRequest, parts: JobCommandParts): Promise<number> {
  const { parallelism, json } = request
  const output = new CommandOutput(parts.io, json)
  const { id, client } = await findJob(request.job, request, findParts(parts))
  await output.say(`Rescaling job ${id} to parallelism ${parallelism}.`, 'Waiting for response...')
  const path = `/jobs/${id}/rescaling`
  const result = (await client.operation(
    client.patch(`${path}?parallelism=${parallelism}`),
    path,
  )) as unknown as RescaleResult
  await output.say(
    `Job ${id} runs at parallelism ${parallelism}, after ${elapsed(result.durationMs)}.`,
    ...rescaleTable(result),
  )
  await output.result({ jobId: id, parallelism, ...result })
  return exitStatus.success
}
