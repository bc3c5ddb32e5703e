import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../kafka/run-command.ts'

/** PostgreSQL's own programs on this machine. */
export interface PostgresInstallation {
  readonly kind: 'programs'
  /** The directory with `initdb` and `pg_ctl`. */
  readonly directory: string
  /** Whom they run as: PostgreSQL refuses to run as root. `undefined`: as whoever we are. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined
}

/** What this machine has for a database, or why it has nothing. */
export type PostgresMeans = PostgresInstallation | { readonly kind: 'none'; readonly reason: string }

const debianDirectory = '/usr/lib/postgresql'
const unprivileged = ['postgres', 'nobody']

/** PostgreSQL from the path, else the newest where Debian puts it, which is not on the path. */
export async function findPostgres(
  env: NodeJS.ProcessEnv = process.env,
  debian: string = debianDirectory,
): Promise<PostgresMeans> {
  const onPath = (env.PATH ?? '').split(delimiter).filter((directory) => directory !== '')
  const directory = [...onPath, ...versions(debian)].find(hasPrograms)
  if (directory === undefined) return { kind: 'none', reason: 'there is no PostgreSQL (initdb, pg_ctl)' }
  if (process.getuid?.() !== 0) return { kind: 'programs', directory, user: undefined }
  for (const name of unprivileged) {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((of) => numberOf('id', [of, name])))
    if (uid !== undefined && gid !== undefined) return { kind: 'programs', directory, user: { uid, gid } }
  }
  return {
    kind: 'none',
    reason: `PostgreSQL refuses to run as root, and there is no user ${unprivileged.join(' or ')}`,
  }
}

function hasPrograms(directory: string): boolean {
  return ['initdb', 'pg_ctl'].every((name) => existsSync(join(directory, name)))
}

function versions(debian: string): readonly string[] {
  if (!existsSync(debian)) return []
  const numbers = readdirSync(debian).toSorted((a, b) => Number(b) - Number(a))
  return numbers.map((number) => join(debian, number, 'bin'))
}

async function numberOf(command: string, args: readonly string[]): Promise<number | undefined> {
  const done = await runCommand(command, args, { timeoutMs: 10_000 })
  return done.status === 0 ? Number(done.stdout) : undefined
}
