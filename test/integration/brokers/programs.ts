import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** A machine that has Node, the usual small commands, and such programs as a test gives it. */
export class Machine implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'millrace-machine-'))

  /** By name, the shell script that each of them is. */
  constructor(programs: Readonly<Record<string, string>>) {
    for (const name of ['node', 'npm', 'npx']) this.#link(name, join(process.execPath, '..', name))
    for (const [name, script] of Object.entries(programs)) {
      const path = join(this.directory, name)
      writeFileSync(path, `#!/bin/sh\n${script}\n`)
      chmodSync(path, 0o755)
    }
  }

  /** What a process on it sees. Nothing has been downloaded yet. */
  get env(): NodeJS.ProcessEnv {
    const { JAVA_HOME: _, KAFKA_BROKERS: __, ...env } = process.env
    return { ...env, PATH: `${this.directory}`, XDG_CACHE_HOME: join(this.directory, 'cache') }
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  #link(name: string, target: string): void {
    symlinkSync(target, join(this.directory, name))
  }
}

/** Says the version that it is given, as Java does. */
export function javaOf(version: string): string {
  return `echo 'openjdk version "${version}" 2025-04-15' >&2`
}
