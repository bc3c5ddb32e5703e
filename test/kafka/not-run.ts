import { writeSync } from 'node:fs'
import process from 'node:process'

/** vitest loads its configuration once for each project, each time anew. */
const reported = Symbol.for('millrace.testsNotRun')
const holder = process as { [reported]?: Set<string> }

/** Says at the very end, after all reporters, that tests were left out. Required ones make the run fail. */
export function reportNotRun(what: string, reason: string, isRequired: boolean): void {
  holder[reported] ??= new Set()
  if (holder[reported].has(what)) return
  holder[reported].add(what)
  process.once('exit', () => {
    writeSync(1, `${what} tests NOT RUN: ${reason}\n`)
    if (isRequired) process.exitCode = 1
  })
}
