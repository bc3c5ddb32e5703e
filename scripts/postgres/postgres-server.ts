import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../kafka/run-command.ts'
import type { PostgresInstallation } from './postgres-installation.ts'

const host = '127.0.0.1'
const user = 'millrace'
const database = 'postgres'
const commandTimeoutMs = 120_000
const attemptsMax = 5
const logTailLines = 10

/**
 * Nobody waits for a disk: what a test wrote goes with the server. But what was committed is handed to the system, so that it is
 * there after `kill`.
 */
const settings = ['fsync=off', 'full_page_writes=off', `listen_addresses=${host}`, 'unix_socket_directories=']

/** A PostgreSQL with an empty database, for as long as the process that starts it needs it. */
export class PostgresServer {
  readonly port: number
  readonly #installation: PostgresInstallation
  readonly #directory: string

  private constructor(installation: PostgresInstallation, directory: string, port: number) {
    this.#installation = installation
    this.#directory = directory
    this.port = port
  }

  /** Starts one below `parent` on a free port. Ends those before whose process was killed before it could. */
  static async start(installation: PostgresInstallation, parent: string): Promise<PostgresServer> {
    await PostgresServer.sweep(installation, parent)
    const directory = mkdtempSync(join(parent, `millrace-postgres-${process.pid}-`))
    if (installation.user !== undefined) chownSync(directory, installation.user.uid, installation.user.gid)
    const data = ['--pgdata', join(directory, 'data')]
    try {
      const options = ['--username', user, '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync']
      await run(installation, directory, 'initdb', [...data, ...options])
      for (let attempt = 1; ; attempt++) {
        const port = await freePort()
        const server = new PostgresServer(installation, directory, port)
        try {
          await server.restart()
          return server
        } catch (error) {
          // Somebody may have been quicker on that port.
          if (attempt === attemptsMax) throw error
        }
      }
    } catch (error) {
      rmSync(directory, { recursive: true, force: true })
      throw error
    }
  }

  /** Ends servers below `parent` whose process is gone, and removes what they leave. */
  static async sweep(installation: PostgresInstallation, parent: string): Promise<void> {
    for (const name of readdirSync(parent)) {
      const owner = /^millrace-postgres-(\d+)-/.exec(name)?.[1]
      if (owner !== undefined && !isAlive(Number(owner))) await end(installation, join(parent, name))
    }
  }

  /** For any client: `postgres://user@host:port/database`. Everybody is let in. */
  get url(): string {
    return `postgres://${user}@${host}:${this.port}/${database}`
  }

  /** Ends it at once, as a crash does: connections break, and the next start recovers what was committed. */
  async kill(): Promise<void> {
    const data = join(this.#directory, 'data')
    await run(this.#installation, this.#directory, 'pg_ctl', [
      'stop',
      '--pgdata',
      data,
      '--mode',
      'immediate',
      '--wait',
    ])
  }

  /** Starts it with the data that it has, on its port. */
  async restart(): Promise<void> {
    const options = [`-p ${this.port}`, ...settings.map((setting) => `-c ${setting}`)].join(' ')
    const data = ['--pgdata', join(this.#directory, 'data'), '--log', join(this.#directory, 'log')]
    await run(this.#installation, this.#directory, 'pg_ctl', ['start', ...data, '--wait', '--options', options])
  }

  /** Ends it; its data goes with it. */
  async stop(): Promise<void> {
    await end(this.#installation, this.#directory)
  }

  /** `await using` ends it whatever a test does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

async function end(installation: PostgresInstallation, directory: string): Promise<void> {
  const data = join(directory, 'data')
  // Without the file with its process id it does not run.
  if (existsSync(join(data, 'postmaster.pid'))) {
    await run(installation, directory, 'pg_ctl', ['stop', '--pgdata', data, '--mode', 'immediate', '--wait'])
  }
  rmSync(directory, { recursive: true, force: true })
}

async function run(
  { directory: programs, user }: PostgresInstallation,
  cwd: string,
  name: 'initdb' | 'pg_ctl',
  args: readonly string[],
): Promise<void> {
  const options = { cwd, timeoutMs: commandTimeoutMs, ...(user === undefined ? {} : { user }) }
  const done = await runCommand(join(programs, name), args, options)
  if (done.status === 0) return
  const log = join(cwd, 'log')
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-logTailLines) : []
  const said = [done.stderr.trim() || done.stdout.trim(), ...lines].join('\n')
  throw new Error(`PostgreSQL could not be started or stopped in ${cwd}: ${name} failed:\n${said}`)
}

function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.on('error', reject)
  server.listen(0, host, () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
