import type { PostgresErrorCode } from './postgres-error.ts'

/** What a failure of a connection or a statement comes to. */
export interface StatementFailure {
  readonly code: PostgresErrorCode
  /** PostgreSQL's own code of five characters; undefined if no server answered. */
  readonly sqlState: string | undefined
  /** The same may succeed later. */
  readonly mayPass: boolean
  /** Nothing more can come over the connection. */
  readonly isConnectionLost: boolean
  /** A row is at fault, so it is worth finding out which. */
  readonly isOfRow: boolean
  /** No further attempt of the job would succeed either. */
  readonly isLasting: boolean
  /** What would do: a sentence, or nothing. */
  readonly remedy: string
}

/** Thrown where a statement was not answered in time. */
export class StatementTimeoutError extends Error {
  override readonly name: string = 'StatementTimeoutError'
}

type Kind = Pick<StatementFailure, 'code'> & Partial<StatementFailure>

/** By SQLSTATE, else by its class, which is the first two characters. */
const kinds: Readonly<Record<string, Kind>> = {
  '08': { code: 'DATABASE_UNREACHABLE', mayPass: true, isConnectionLost: true },
  '22': { code: 'INVALID_VALUE', isOfRow: true, isLasting: true, remedy: 'Make the value fit its column.' },
  '23': { code: 'CONSTRAINT_VIOLATED', isOfRow: true, isLasting: true, remedy: 'Leave such rows out before the sink.' },
  // What they refer to, or collide with, may have changed when the job tries again.
  '23503': { code: 'CONSTRAINT_VIOLATED', isOfRow: true, remedy: 'The row it refers to has to be there before.' },
  '23505': {
    code: 'CONSTRAINT_VIOLATED',
    isOfRow: true,
    remedy:
      'Name the columns of that constraint as primaryKey to update the row that is there, or leave such rows out.',
  },
  '25006': { code: 'STATEMENT_FAILED', mayPass: true, isConnectionLost: true },
  '28': { code: 'AUTHENTICATION_FAILED', isLasting: true, remedy: 'Check username, password and pg_hba.conf.' },
  '3D': { code: 'UNKNOWN_DATABASE', isLasting: true, remedy: 'Create it, or correct the name.' },
  '3F': {
    code: 'UNKNOWN_TABLE',
    isLasting: true,
    remedy: 'Create it, or correct the name; its schema goes into schema.',
  },
  '40': { code: 'STATEMENT_FAILED', mayPass: true },
  '42': { code: 'INVALID_STATEMENT', isLasting: true },
  '42501': {
    code: 'NOT_AUTHORIZED',
    isLasting: true,
    remedy: 'Grant the user what is missing: SELECT, INSERT, UPDATE and DELETE.',
  },
  '42703': {
    code: 'UNKNOWN_COLUMN',
    isLasting: true,
    remedy: 'Add the column to the table, or correct its name: names are not folded to lower case.',
  },
  '42804': { code: 'INVALID_VALUE', isLasting: true, remedy: 'Make the value fit its column.' },
  '42P01': {
    code: 'UNKNOWN_TABLE',
    isLasting: true,
    remedy: 'Create it, or correct the name; its schema goes into schema.',
  },
  '42P10': {
    code: 'NO_UNIQUE_CONSTRAINT',
    isLasting: true,
    remedy: 'Give the table a primary key or a unique index of exactly the columns of primaryKey.',
  },
  '53': { code: 'STATEMENT_FAILED', mayPass: true },
  '53300': {
    code: 'DATABASE_UNREACHABLE',
    mayPass: true,
    isConnectionLost: true,
    remedy: 'Each subtask has one connection: see max_connections.',
  },
  '55': { code: 'STATEMENT_FAILED', mayPass: true },
  '57': { code: 'DATABASE_UNREACHABLE', mayPass: true, isConnectionLost: true },
  '57014': { code: 'TIMED_OUT', mayPass: true },
  '58': { code: 'STATEMENT_FAILED', mayPass: true },
  P0: {
    code: 'CONSTRAINT_VIOLATED',
    isOfRow: true,
    isLasting: true,
    remedy: 'A trigger or a function of the table refuses it.',
  },
}

const lost: Kind = {
  code: 'DATABASE_UNREACHABLE',
  mayPass: true,
  isConnectionLost: true,
  remedy: 'Check that it runs, and that this is its address.',
}
const timedOut: Kind = {
  code: 'TIMED_OUT',
  mayPass: true,
  isConnectionLost: true,
  remedy: 'Somebody may hold a lock: see pg_stat_activity.',
}
const tlsFailed: Kind = {
  code: 'TLS_FAILED',
  isConnectionLost: true,
  isLasting: true,
  remedy: 'Check ssl: the ca of the server, its name, and whether it offers TLS.',
}
const refused: Kind = {
  code: 'AUTHENTICATION_FAILED',
  isConnectionLost: true,
  isLasting: true,
  remedy: 'Check username and password.',
}

/** Takes everything that a client may reject with. */
export function failureOf(error: unknown): StatementFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : String(error)
  const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined
  const defaults = { mayPass: false, isConnectionLost: false, isOfRow: false, isLasting: false, remedy: '' }
  return { ...defaults, ...kindOf(error, sqlState, code, message), sqlState }
}

function kindOf(error: unknown, sqlState: string | undefined, code: string, message: string): Kind {
  if (error instanceof StatementTimeoutError) return timedOut
  if (sqlState !== undefined) return kinds[sqlState] ?? kinds[sqlState.slice(0, 2)] ?? { code: 'STATEMENT_FAILED' }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_(TLS|SSL|OSSL)/.test(code) || /SSL connections/.test(message))
    return tlsFailed
  // Raised by the client itself, without a code.
  if (/SASL|password/i.test(message)) return refused
  // What the system says has a code, what the client says about its connection has not.
  const isLost = code !== '' || /connection|terminated|timeout|queryable/i.test(message)
  return isLost ? lost : { code: 'STATEMENT_FAILED' }
}
