import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import type { ProcessTable } from '../../cluster/process-table.ts'
import { SimulatedClock } from '../../testing/simulated-clock.ts'
import type { CommandLineIo, StopSignal } from '../command-line-io.ts'
import type { DetachedProcess, DetachedSelf } from '../detached-process.ts'
import { JobRegistry } from '../job-registry.ts'

export interface FakeProcessOptions<C extends Clock> {
  readonly env?: Record<string, string>
  readonly stdoutCloses?: boolean
  readonly detached?: DetachedSelf
  readonly clock?: C
  readonly startDetached?: (argv: readonly string[], log: string) => Promise<DetachedProcess>
}

/** A process with everything it wrote. */
export class FakeProcess<C extends Clock = SimulatedClock> implements CommandLineIo {
  readonly written = { stdout: '', stderr: '' }
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string>>
  readonly clock: C
  readonly exits: number[] = []
  readonly detached: DetachedSelf | undefined
  readonly startDetached: (argv: readonly string[], log: string) => Promise<DetachedProcess>
  readonly #listeners = new Set<(signal: StopSignal) => void>()

  constructor(options: FakeProcessOptions<C> = {}) {
    this.env = options.env ?? {}
    this.stdout = this.#stream('stdout', options.stdoutCloses ?? false)
    this.stderr = this.#stream('stderr', false)
    this.clock = options.clock ?? (new SimulatedClock() as Clock as C)
    this.detached = options.detached
    this.startDetached = options.startDetached ?? (() => Promise.reject(new Error('no process in the background')))
  }

  get listenerCount(): number {
    return this.#listeners.size
  }

  onSignal(listener: (signal: StopSignal) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  exit(status: number): void {
    this.exits.push(status)
  }

  signal(signal: StopSignal): void {
    for (const listener of this.#listeners) listener(signal)
  }

  #stream(name: 'stdout' | 'stderr', closes: boolean): Writable {
    const { written } = this
    const stream = new Writable({
      write(chunk, _encoding, done) {
        if (closes) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
        written[name] += String(chunk)
        done()
      },
    })
    return stream.on('error', () => {})
  }
}

/** Processes live until the test says otherwise. */
export class FakeProcesses implements ProcessTable {
  readonly host: string = 'here'
  pid = 1
  readonly startedAt: string = 'then'
  readonly dead = new Set<number>()

  isAlive(pid: number): boolean {
    return !this.dead.has(pid)
  }
}

/** A registry in a directory that is gone after the test. */
export class TemporaryRegistry extends JobRegistry implements Disposable {
  readonly home: string
  readonly processes: FakeProcesses

  constructor() {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-registry-')))
    const processes = new FakeProcesses()
    super(join(home, 'jobs'), processes)
    this.home = home
    this.processes = processes
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true })
  }
}
