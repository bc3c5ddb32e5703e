import { writeSync } from 'node:fs'
import process from 'node:process'

/** Says at the very end, after all reporters, that tests were left out. Required ones make the run fail. */
export function reportNotRun(what: string, reason: string, isRequired: boolean): void {
  process.once('exit', () => {
    writeSync(1, `${what} tests NOT RUN: ${reason}\n`)
    if (isRequired) process.exitCode = 1
  })
}
