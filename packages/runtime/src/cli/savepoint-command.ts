import { exitStatus } from './exit-status.ts'
import { findJob } from './find-job.ts'
import type { SavepointRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'
import { localPath } from './local-path.ts'

/** Takes a savepoint while the job goes on. */
export async function savepointCommand(request: SavepointRequest, parts: JobCommandParts): Promise<number> {
  const output = new CommandOutput(parts.io, request.json)
  const directory = request.directory === undefined ? null : localPath(request.directory)
  const { id, client } = await findJob(request.job, request, findParts(parts))
  await output.say(`Triggering savepoint for job ${id}.`, 'Waiting for response...')
  const body = { 'target-directory': directory, 'cancel-job': false, formatType: 'CANONICAL', triggerId: null }
  const { location } = await client.operation(client.post(`/jobs/${id}/savepoints`, body), `/jobs/${id}/savepoints`)
  await output.say(
    `Savepoint completed. Path: ${String(location)}`,
    'You can resume your program from this savepoint with the run command.',
  )
  await output.result({ jobId: id, path: location })
  return exitStatus.success
}
