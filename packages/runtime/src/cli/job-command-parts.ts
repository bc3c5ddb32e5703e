import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { CommandLineIo } from './command-line-io.ts'
import type { FindParts } from './find-job.ts'
import type { JobRegistry } from './job-registry.ts'
import { writeText } from './terminal.ts'

/** What the commands for running jobs and their snapshots work with. */
export interface JobCommandParts {
  readonly io: CommandLineIo
  readonly registry: JobRegistry
  readonly storage: SnapshotStorage
}

export function findParts({ io, registry }: JobCommandParts): FindParts {
  return { registry, clock: io.clock, env: io.env }
}

/** Where a command tells what it does: lines for people as Flink has them, or one object for programs. */
export class CommandOutput {
  readonly #io: CommandLineIo
  readonly #json: boolean

  constructor(io: CommandLineIo, json: boolean) {
    this.#io = io
    this.#json = json
  }

  /** For people only. */
  async say(...lines: readonly string[]): Promise<void> {
    if (!this.#json) await writeText(this.#io.stdout, lines.map((line) => `${line}\n`).join(''))
  }

  /** For programs only: the last thing that is written. */
  async result(value: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#json) await writeText(this.#io.stdout, `${JSON.stringify(value)}\n`)
  }
}
