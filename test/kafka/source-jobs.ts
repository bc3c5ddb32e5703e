import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type Ended, Millrace, millrace } from '../integration/cli/millrace.ts'
import { dataDirectory } from './data-directory.ts'
import type { SourceJobOptions } from './source-to-files.job.ts'

const job = fileURLToPath(new URL('source-to-files.job.ts', import.meta.url))
/** Alone a run takes seconds; tests share few processors. */
const runTimeoutMs = 200_000

/** Runs of one job on threads, by the command line as users have it: each goes on where it is told to. */
export class SourceJobs implements AsyncDisposable {
  readonly directory: string = realpathSync(mkdtempSync(join(dataDirectory(), 'millrace-source-')))
  readonly savepoints: string = join(this.directory, 'savepoints')
  readonly #output: string = join(this.directory, 'output')
  readonly #env: Readonly<Record<string, string>> = { MILLRACE_HOME: join(this.directory, 'home') }
  readonly #options: SourceJobOptions
  readonly #runs: Millrace[] = []

  constructor(options: SourceJobOptions) {
    this.#options = options
  }

  /** With checkpoints, ten a second, unless `properties` say otherwise. */
  start(args: readonly string[], properties: Readonly<Record<string, string>> = {}): Millrace {
    const all = {
      'execution.checkpointing.dir': join(this.directory, 'checkpoints'),
      'execution.checkpointing.interval': '100 ms',
      'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
      // A transaction has to outlive a checkpoint that fails, and a restart.
      'execution.checkpointing.timeout': '1 min',
      ...properties,
    }
    const set = Object.entries(all).flatMap(([key, value]) => (value === '' ? [] : ['-D', `${key}=${value}`]))
    const run = new Millrace(['run', ...args, ...set, job, '--', this.#output, JSON.stringify(this.#options)], {
      env: this.#env,
      timeoutMs: runTimeoutMs,
    })
    this.#runs.push(run)
    return run
  }

  /** Resolves with the id that other commands know it by. */
  async idOf(run: Millrace): Promise<string> {
    const idIn = ({ stderr }: Millrace): string =>
      /^Job has been submitted with JobID ([0-9a-f]{32})$/m.exec(stderr)?.[1] ?? ''
    await run.until((each) => idIn(each) !== '')
    expect(idIn(run), run.stderr).not.toBe('')
    return idIn(run)
  }

  /** Runs another command, which has to succeed. */
  async succeed(...args: readonly string[]): Promise<Ended> {
    const ended = await millrace(args, { env: this.#env, timeoutMs: 60_000 })
    expect(ended.status, `${args.join(' ')}\n${ended.stderr}`).toBe(0)
    return ended
  }

  /** The lines of all finished files, sorted. */
  output(): readonly string[] {
    if (!existsSync(this.#output)) return []
    const names = readdirSync(this.#output).filter((name) => !name.startsWith('.'))
    const lines = names.flatMap((name) => readFileSync(join(this.#output, name), 'utf8').split('\n'))
    return lines.filter((line) => line !== '').toSorted()
  }

  /** Resolves when so many lines are out, or the run has ended, which is told. */
  async untilWritten(run: Millrace, lines: number): Promise<void> {
    const isDone = () => this.output().length >= lines || run.child.exitCode !== null
    await expect.poll(isDone, { timeout: 120_000, interval: 20 }).toBe(true)
    expect(run.child.exitCode, run.stderr).toBe(null)
  }

  /** A run that is dying may still write. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#runs) if (child.exitCode === null) child.kill('SIGKILL')
    await Promise.all(this.#runs.map(({ ended }) => ended))
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}
