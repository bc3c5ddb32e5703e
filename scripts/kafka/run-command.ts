import { spawn } from 'node:child_process'
import process from 'node:process'

/** How a command ended. A command that could not be started has status `null` and the reason in `stderr`. */
export interface CommandResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How a command is run. */
export interface CommandOptions {
  /** After this it is killed, and its status is `null`. */
  readonly timeoutMs: number
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** Whom it runs as; only root may say. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** Runs a command to its end. Never rejects: what went wrong is in the result. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>()
  const { cwd, env = process.env, timeoutMs, input = '', user } = options
  const child = spawn(command, args, { cwd, env, ...user, stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const timer = setTimeout(() => {
    stderr += `${command} was killed: it had not ended after ${timeoutMs / 1000} s.\n`
    child.kill('SIGKILL')
  }, timeoutMs)
  child.on('error', (error) => {
    clearTimeout(timer)
    resolve({ status: null, stdout, stderr: `${stderr}${error.message}\n` })
  })
  child.on('close', (status) => {
    clearTimeout(timer)
    resolve({ status, stdout, stderr })
  })
  // A command that does not read its input is free to close it.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return promise
}
