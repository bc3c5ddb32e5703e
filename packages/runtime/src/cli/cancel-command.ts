import { CommandError } from './command-error.ts'
import { exitStatus } from './exit-status.ts'
import { type FoundJob, findJob } from './find-job.ts'
import type { CancelRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'
import { localPath } from './local-path.ts'

/** A job that is canceled ends within five seconds; its process some time later. */
const endMs = 30_000
const pollMs = 50

const terminal = new Set(['CANCELED', 'FAILED', 'FINISHED'])

/** Ends a job, and waits until it has ended. */
export async function cancelCommand(request: CancelRequest, parts: JobCommandParts): Promise<number> {
  const output = new CommandOutput(parts.io, request.json)
  const { savepoint } = request
  const directory = savepoint?.directory === undefined ? null : localPath(savepoint.directory)
  const job = await findJob(request.job, request, findParts(parts))
  const { id, client } = job
  if (savepoint === undefined) {
    await output.say(`Cancelling job ${id}.`)
    await client.patch(`/jobs/${id}?mode=cancel`)
    await untilEnded(job, parts)
    await output.say(`Cancelled job ${id}.`)
    await output.result({ jobId: id })
    return exitStatus.success
  }
  const where = savepoint.directory ?? 'default savepoint directory'
  await output.say(
    'DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use "stop" instead.',
    `Cancelling job ${id} with CANONICAL savepoint to ${where}.`,
  )
  const body = { 'target-directory': directory, 'cancel-job': true, formatType: 'CANONICAL', triggerId: null }
  const { location } = await client.operation(client.post(`/jobs/${id}/savepoints`, body), `/jobs/${id}/savepoints`)
  await output.say(`Cancelled job ${id}. Savepoint stored in ${String(location)}.`)
  await output.result({ jobId: id, path: location })
  return exitStatus.success
}

async function untilEnded({ id, client }: FoundJob, { io }: JobCommandParts): Promise<void> {
  const deadline = io.clock.monotonicMs() + endMs
  for (;;) {
    try {
      const { status } = await client.get(`/jobs/${id}/status`)
      if (terminal.has(String(status))) return
    } catch (error) {
      // It answered a moment ago: its process has ended.
      if (error instanceof CommandError && error.code === 'JOB_UNREACHABLE') return
      throw error
    }
    if (io.clock.monotonicMs() > deadline) {
      const message = `Job ${id} was asked to end, and still runs after ${endMs / 1_000} s. See its log.`
      throw new CommandError('REQUEST_REFUSED', message, { jobId: id })
    }
    await client.pause(pollMs)
  }
}
