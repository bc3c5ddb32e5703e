import { disposeSnapshot } from '../cluster/dispose-snapshot.ts'
import { exitStatus } from './exit-status.ts'
import { clientAt } from './find-job.ts'
import type { DisposeRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'
import { localPath } from './local-path.ts'

/** Removes a savepoint. Its files are on this machine, so no job is asked unless one is named. */
export async function disposeCommand(request: DisposeRequest, parts: JobCommandParts): Promise<number> {
  const output = new CommandOutput(parts.io, request.json)
  const path = localPath(request.path)
  await output.say(`Disposing savepoint '${request.path}'.`, 'Waiting for response...')
  if (request.jobManager === undefined) await disposeSnapshot(parts.storage, path)
  else {
    const client = await clientAt(request, findParts(parts))
    await client.operation(client.post('/savepoint-disposal', { 'savepoint-path': path }), '/savepoint-disposal')
  }
  await output.say(`Savepoint '${request.path}' disposed.`)
  await output.result({ disposed: path })
  return exitStatus.success
}
