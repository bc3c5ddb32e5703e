import { exitStatus } from './exit-status.ts'
import { findJob } from './find-job.ts'
import type { StopRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'
import { localPath } from './local-path.ts'

/** Ends a job with a savepoint: its status is FINISHED. */
export async function stopCommand(request: StopRequest, parts: JobCommandParts): Promise<number> {
  const { drain, json } = request
  const output = new CommandOutput(parts.io, json)
  const directory = request.directory === undefined ? null : localPath(request.directory)
  const { id, client } = await findJob(request.job, request, findParts(parts))
  await output.say(
    `${drain ? 'Draining' : 'Suspending'} job "${id}" with a CANONICAL savepoint.`,
    `Triggering stop-with-savepoint for job ${id}.`,
    'Waiting for response...',
  )
  const body = { targetDirectory: directory, drain, formatType: 'CANONICAL', triggerId: null }
  const { location } = await client.operation(client.post(`/jobs/${id}/stop`, body), `/jobs/${id}/savepoints`)
  await output.say(`Savepoint completed. Path: ${String(location)}`)
  await output.result({ jobId: id, path: location, drain })
  return exitStatus.success
}
