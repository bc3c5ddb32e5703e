import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../../packages/runtime/bin/millrace.js', import.meta.url))

/** How a run of the command line ended. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A run of the built command line. It is killed after `timeoutMs`, which shows as its signal. */
export class Millrace {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  #onOutput: () => void = () => {}

  constructor(
    args: readonly string[],
    options: {
      readonly cwd?: string
      readonly nodeArgs?: readonly string[]
      readonly timeoutMs?: number
      /** Makes it the head of a process group, so that a test sees what it leaves. */
      readonly ownGroup?: boolean
      readonly env?: Readonly<Record<string, string>>
      /** Where its output goes instead of into `stdout`: a stream or a file descriptor. */
      readonly stdout?: Writable | number
    } = {},
  ) {
    const { cwd, nodeArgs = [], env = {}, timeoutMs = 30_000, ownGroup = false, stdout = 'pipe' } = options
    this.child = spawn(process.execPath, [...nodeArgs, bin, ...args], {
      cwd,
      stdio: ['ignore', stdout, 'pipe'],
      detached: ownGroup,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, NO_COLOR: '1', MILLRACE_LOG_LEVEL: 'warn', ...env },
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#onOutput()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#onOutput()
    })
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      this.#onOutput()
      return { status, signal, stdout: this.stdout, stderr: this.stderr }
    })
  }

  /** Resolves when the output so far satisfies `isSeen`, or the program has ended. */
  async until(isSeen: (run: Millrace) => boolean): Promise<void> {
    while (!isSeen(this) && this.child.exitCode === null && this.child.signalCode === null) {
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve
      })
    }
  }
}

export function millrace(args: readonly string[], options?: ConstructorParameters<typeof Millrace>[1]): Promise<Ended> {
  return new Millrace(args, options).ended
}
