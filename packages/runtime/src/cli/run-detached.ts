import { open } from 'node:fs/promises'
import { CommandError } from './command-error.ts'
import type { RunRequest } from './command-line.ts'
import type { CommandLineIo } from './command-line-io.ts'
import { createLogFile } from './detached-process.ts'
import { exitStatus } from './exit-status.ts'
import type { JobRegistry } from './job-registry.ts'
import { writeText } from './terminal.ts'

/** Of what a process has written that ended at once, so much is shown: its end. */
const shownBytes = 64 * 1024

/**
 * Runs a job in the background: the same command in a process of its own. Waits until the job can be found, or has failed to
 * start, which then ends as it would in the foreground.
 *
 * @param argv - all arguments of this command.
 */
export async function runDetached(
  request: RunRequest,
  argv: readonly string[],
  { io, registry }: { readonly io: CommandLineIo; readonly registry: JobRegistry },
): Promise<number> {
  const logs = (await registry.list()).flatMap(({ log }) => (log === undefined ? [] : [log]))
  const log = await createLogFile(registry.directory, io.clock.now(), new Set(logs)).catch((error: Error) => {
    const message = `Cannot make a log in ${registry.directory}: ${error.message}`
    throw new CommandError(
      'REGISTRY_FAILED',
      message,
      { directory: registry.directory, hint: 'set MILLRACE_HOME to a directory of your own' },
      { cause: error },
    )
  })
  const child = await io.startDetached(argv, log)
  const stopListening = io.onSignal((signal) => {
    child.abandon()
    io.exit(exitStatus.bySignal[signal])
  })
  try {
    const start = await child.start
    if (start.kind === 'ended') {
      await writeText(io.stderr, await endOf(log))
      return start.status
    }
    const { jobId } = start
    if (request.json) await writeText(io.stdout, `${JSON.stringify({ jobId, log })}\n`)
    else {
      await writeText(io.stdout, `Job has been submitted with JobID ${jobId}\n`)
      await writeText(io.stderr, `Its output goes to ${log}\n`)
    }
    return exitStatus.success
  } finally {
    stopListening()
  }
}

async function endOf(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(shownBytes),
      position: Math.max(0, size - shownBytes),
    })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
