import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** A job that the user sees: `millrace run` in a process of its own, on this one's terminal. */
export class AttachedJob {
  readonly #child: ChildProcess
  /** Its exit status. */
  readonly ended: Promise<number>

  /** @param program - the file that `npx millrace` runs. */
  constructor(program: string, args: readonly string[]) {
    const endWithParent = new URL('./end-with-parent.ts', import.meta.url).href
    // In a session of its own, so that a Ctrl-C comes to it once: from here, as does whatever else a terminal tells.
    this.#child = spawn(process.execPath, ['--import', endWithParent, fileURLToPath(program), ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    })
    const resized = () => this.signal('SIGWINCH')
    process.on('SIGWINCH', resized)
    this.ended = once(this.#child, 'close').then(([status]) => {
      process.off('SIGWINCH', resized)
      return (status as number | null) ?? 1
    })
  }

  /** SIGINT cancels it in order, a second one ends it at once. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }
}
