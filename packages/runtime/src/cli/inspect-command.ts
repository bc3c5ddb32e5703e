import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exportSnapshot } from '../snapshot/export-snapshot.ts'
import { inspectSnapshot } from '../snapshot/inspect-snapshot.ts'
import { type OpenedSnapshot, readSnapshot } from '../snapshot/open-snapshot.ts'
import { CommandError } from './command-error.ts'
import { exitStatus } from './exit-status.ts'
import { inspectionLines } from './inspection-lines.ts'
import type { InspectRequest } from './job-command-line.ts'
import { CommandOutput, type JobCommandParts } from './job-command-parts.ts'
import { localPath } from './local-path.ts'
import { writeText } from './terminal.ts'

/** Shows what is in a snapshot, and writes its keys and values to a file if that is wanted. Damage is told, and ends with 1. */
export async function inspectCommand(request: InspectRequest, parts: JobCommandParts): Promise<number> {
  const output = new CommandOutput(parts.io, request.json)
  const snapshot = await readSnapshot(parts.storage, localPath(request.path))
  const inspection = await inspectSnapshot(parts.storage, snapshot)
  const { damages } = inspection
  await output.say(...inspectionLines(inspection))
  let exported: Readonly<Record<string, unknown>> = {}
  if (request.exportFile !== undefined && damages.length === 0) {
    const file = localPath(request.exportFile)
    const lineCount = await exportTo(file, snapshot, parts)
    await output.say(`Exported ${lineCount} ${lineCount === 1 ? 'line' : 'lines'} to ${file}`)
    exported = { exported: { file, lineCount } }
  }
  await output.result({ ...inspection, ...exported })
  if (damages.length === 0) return exitStatus.success
  if (!request.json) {
    const lines = damages.map(({ message }) => `error: ${message.replace(/\s*\n\s*/g, ' ')}\n`)
    await writeText(parts.io.stderr, `${lines.join('')}hint: use another snapshot; this one cannot be started from\n`)
  }
  return exitStatus.jobFailed
}

/** All or nothing: whoever sees the file sees all of it. */
async function exportTo(file: string, snapshot: OpenedSnapshot, { storage }: JobCommandParts): Promise<number> {
  const unfinished = `${file}.inprogress`
  let lineCount = 0
  async function* lines(): AsyncGenerator<string, void, undefined> {
    for await (const line of exportSnapshot(storage, snapshot)) {
      lineCount++
      yield `${line}\n`
    }
  }
  try {
    await pipeline(Readable.from(lines()), createWriteStream(unfinished))
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    // What is wrong with the snapshot speaks for itself; the rest is the file.
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error
    const message = `Cannot write the export to ${file}: ${error.message}`
    throw new CommandError('EXPORT_FAILED', message, { file, hint: 'choose another file' }, { cause: error })
  }
  return lineCount
}
