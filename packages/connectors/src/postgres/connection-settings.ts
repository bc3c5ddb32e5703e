import process from 'node:process'
import { PostgresError } from './postgres-error.ts'
import type { PostgresConnectionOptions } from './postgres-sink-options.ts'

/** Where a database is, and how to get in: checked and complete, but for what the library takes from the environment. */
export interface ConnectionSettings extends Omit<PostgresConnectionOptions, 'client'> {
  readonly connectTimeoutMs: number
  /** What `pg_stat_activity` shows; empty until the job is known. */
  readonly applicationName: string
}

const connectTimeoutMsDefault = 10_000

/** @throws PostgresError `INVALID_OPTION`. Connects to nothing. */
export function connectionSettings(options: PostgresConnectionOptions): ConnectionSettings {
  const { url, host, port, database, username, password, ssl, connectTimeoutMs = connectTimeoutMsDefault } = options
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw invalidOption('url', 'it begins with postgres:// or postgresql://')
  }
  const parts = { host, port, database, username, password }
  const [repeated] = Object.entries(parts).find(([, value]) => value !== undefined) ?? []
  if (url !== undefined && repeated !== undefined) {
    throw invalidOption(repeated, 'it is a part of url, which is given as well. Pass one of the two')
  }
  if (port !== undefined) checkedInteger('port', port, 1, 65_535)
  checkedInteger('connectTimeoutMs', connectTimeoutMs, 1)
  const given = Object.entries({ url, ...parts, ssl }).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), connectTimeoutMs, applicationName: '' }
}

/** For messages: host, port and database as far as they are known, and never a password. */
export function addressOf(
  { url, host, port, database }: ConnectionSettings,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const fromUrl = url === undefined ? undefined : URL.parse(url)
  if (fromUrl === null) return 'the database of the url'
  const server = [
    fromUrl?.hostname || host || env.PGHOST || 'localhost',
    fromUrl?.port || port || env.PGPORT || 5432,
  ].join(':')
  const name = (fromUrl && decodeURIComponent(fromUrl.pathname.slice(1))) || database || env.PGDATABASE
  return name ? `${server}/${name}` : server
}

/** An option that is a whole number of at least `min`. */
export function checkedInteger(
  option: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  throw invalidOption(option, `it must be an integer ${range}, not ${value}`)
}

export function invalidOption(option: string, reason: string): PostgresError {
  return new PostgresError('INVALID_OPTION', `Cannot make a PostgreSQL sink: ${option}: ${reason}.`, { option })
}
