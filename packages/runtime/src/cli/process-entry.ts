import { readFileSync } from 'node:fs'
import process from 'node:process'
import { SystemClock } from '../base/clock.ts'
import { prepareJob } from '../cluster/prepare-job.ts'
import { SystemProcessTable } from '../cluster/system-process-table.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import type { StopSignal } from './command-line-io.ts'
import { detachedSelf, startDetached } from './detached-process.ts'
import { errorReport } from './error-report.ts'
import { exitStatus } from './exit-status.ts'
import { JobRegistry, registryDirectory } from './job-registry.ts'
import { main } from './main.ts'

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']

/** Runs `millrace` with the arguments, streams and signals of this process, and ends the process. */
export async function runProcess(): Promise<void> {
  // Writes report a reader that has gone; without a listener it would be an uncaught error as well.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  process.once('uncaughtException', endByStrayError)
  const status = await main(process.argv.slice(2), {
    version: packageVersion(),
    prepareJob,
    registry: new JobRegistry(registryDirectory(process.env), new SystemProcessTable()),
    storage: new LocalDirectoryStorage(),
    io: {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      clock: new SystemClock(),
      detached: detachedSelf(),
      startDetached,
      onSignal(listener) {
        for (const signal of signals) process.on(signal, listener)
        return () => {
          for (const signal of signals) process.off(signal, listener)
        }
      },
      exit: (code) => process.exit(code),
    },
  })
  // Everything was written and every thread has ended; what a job's module may have left open must not keep us.
  process.exit(status)
}

/**
 * Code of a job that runs in this thread, too (the top level of its module, the enumerators of its sources), may have
 * left a timer or a promise behind that fails where nobody can catch it.
 */
function endByStrayError(error: unknown): void {
  const where = 'outside of the job, on the main thread (the top level of its module runs there, too): '
  const report = errorReport(error, process.argv.includes('--verbose'))
  const text = report.join('\n').replace(/^error: /, `error: ${where}`)
  process.stderr.write(`${text}\n`, () => process.exit(exitStatus.jobFailed))
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  return version
}
