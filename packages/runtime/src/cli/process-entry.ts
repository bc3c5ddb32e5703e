import { readFileSync } from 'node:fs'
import process from 'node:process'
import { SystemClock } from '../base/clock.ts'
import { prepareJob } from '../cluster/prepare-job.ts'
import type { StopSignal } from './command-line-io.ts'
import { main } from './main.ts'

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']

/** Runs `millrace` with the arguments, streams and signals of this process, and ends the process. */
export async function runProcess(): Promise<void> {
  // Writes report a reader that has gone; without a listener it would be an uncaught error as well.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const status = await main(process.argv.slice(2), {
    version: packageVersion(),
    prepareJob,
    io: {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      clock: new SystemClock(),
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

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  return version
}
