import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type Ended, Millrace, millrace } from './millrace.ts'

export const gatedCountJob: string = fileURLToPath(new URL('../jobs/gated-count.job.ts', import.meta.url))

/** Runs of the job that counts, in a directory of their own with a registry of their own. */
export class GatedJobs implements Disposable {
  readonly directory: string = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-gated-')))
  readonly env: Readonly<Record<string, string>> = { MILLRACE_HOME: join(this.directory, 'home') }
  readonly #end: number

  constructor(end: number) {
    this.#end = end
  }

  /** Starts the job, which may go as far as `gate`. */
  run(name: string, gate: number, ...options: readonly string[]): GatedRun {
    const gateFile = join(this.directory, name)
    writeFileSync(gateFile, String(gate))
    const args = ['run', ...options, gatedCountJob, '--', gateFile, String(this.#end)]
    return new GatedRun(gateFile, new Millrace(args, { env: this.env, timeoutMs: 120_000 }))
  }

  /** Runs a command that has to succeed, and to say nothing on stderr. */
  async succeed(...args: readonly string[]): Promise<Ended> {
    const ended = await millrace(args, { env: this.env, timeoutMs: 60_000 })
    expect({ status: ended.status, stderr: ended.stderr }, args.join(' ')).toEqual({ status: 0, stderr: '' })
    return ended
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** A run of the job, and how far it may go. */
export class GatedRun {
  readonly #gateFile: string
  readonly process: Millrace

  constructor(gateFile: string, process: Millrace) {
    this.#gateFile = gateFile
    this.process = process
  }

  /** Resolves when the job can be found by other commands. */
  async id(): Promise<string> {
    const idIn = ({ stderr }: Millrace): string =>
      /^Job has been submitted with JobID ([0-9a-f]{32})$/m.exec(stderr)?.[1] ?? ''
    await this.process.until((run) => idIn(run) !== '')
    expect(idIn(this.process), this.process.stderr).not.toBe('')
    return idIn(this.process)
  }

  /** Lets it go on to a number. */
  open(gate: number): void {
    writeFileSync(this.#gateFile, String(gate))
  }

  /** Lets it go on to a number, and waits until all below have been counted. */
  async goTo(gate: number): Promise<void> {
    this.open(gate)
    const isThere = (run: Millrace): boolean => {
      const counts = lastCounts(run.stdout)
      return counts.size === 100 && [...counts.values()].every((count) => count === gate / 100)
    }
    await this.process.until(isThere)
    expect(isThere(this.process), this.process.stderr).toBe(true)
  }
}

/** The highest count of each key. */
export function lastCounts(stdout: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [, key = '', text] of stdout.matchAll(/(key-\d\d) (\d+)$/gm)) {
    counts.set(key, Math.max(counts.get(key) ?? 0, Number(text)))
  }
  return counts
}
