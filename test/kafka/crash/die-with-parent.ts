import process from 'node:process'

const checkMs = 1_000

/** Called by the module of a job: it ends when the process does that started it, so that tests that are killed leave none behind. */
export function dieWithParent(): void {
  const parent = process.ppid
  const check = () => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }
  setInterval(check, checkMs).unref()
}
