import { exitStatus } from './exit-status.ts'
import { findJob } from './find-job.ts'
import type { CheckpointRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'

/** Takes a checkpoint now, whatever the interval. */
export async function checkpointCommand(request: CheckpointRequest, parts: JobCommandParts): Promise<number> {
  const output = new CommandOutput(parts.io, request.json)
  const { id, client } = await findJob(request.job, request, findParts(parts))
  await output.say(`Triggering checkpoint for job ${id}.`, 'Waiting for response...')
  const path = `/jobs/${id}/checkpoints`
  const triggered = client.post(path, { checkpointType: 'CONFIGURED', triggerId: null })
  const { checkpointId } = await client.operation(triggered, path)
  await output.say(
    `Checkpoint ${String(checkpointId)} for job ${id} completed.`,
    'You can resume your program from this checkpoint with the run command.',
  )
  await output.result({ jobId: id, checkpointId })
  return exitStatus.success
}
