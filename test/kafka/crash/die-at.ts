import { writeSync } from 'node:fs'
import process from 'node:process'

/** Which run dies where: `sink-precommitted:2` is the second time that one of its threads gets there. */
export const dieAtVariable = 'MILLRACE_TEST_DIE_AT'

/** What it says on stderr when it does. */
export const lastWords = 'dies at'

/**
 * Called by the module of a job, so in each of its threads: puts a function where the runtime looks for one at its crash
 * points. It kills the process there and then, as nobody could from outside.
 */
export function dieAtCrashPoint(): void {
  const [fatal, times] = (process.env[dieAtVariable] ?? '').split(':')
  if (fatal === '') return
  let timesLeft = Number(times)
  Reflect.set(globalThis, Symbol.for('millrace.crash-point'), (point: string) => {
    if (point !== fatal || --timesLeft > 0) return
    writeSync(2, `${lastWords} ${point}\n`)
    process.kill(process.pid, 'SIGKILL')
  })
}
