import process from 'node:process'
import { SystemClock } from '../base/clock.ts'
import type { JobOutput } from '../cluster/prepare-job.ts'
import { plain } from './palette.ts'
import { PinoLogger } from './pino-logger.ts'
import { writeText } from './terminal.ts'

/** For a job that a program runs: the program's own streams, and of the log what a program should hear of. */
export function processOutput(): JobOutput {
  return {
    logger: new PinoLogger({
      level: 'warn',
      format: 'text',
      clock: new SystemClock(),
      palette: plain,
      shortTime: false,
      write: (text) => process.stderr.write(text),
    }),
    standardOutput: (text) => writeText(process.stdout, text),
    standardError: (text) => writeText(process.stderr, text),
  }
}
