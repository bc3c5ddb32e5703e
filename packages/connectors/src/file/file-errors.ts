import { ConnectorError } from '@millrace/runtime/connector'

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file. Check the path; relative paths start at the working directory of the program.',
  EACCES: 'This user may not do that. Change the permissions, or run as a user who may.',
  EPERM: 'This user may not do that. Change the permissions, or run as a user who may.',
  EISDIR: 'It is a directory. Name a file.',
  ENOTDIR: 'A part of the path is a file, not a directory.',
  EEXIST: 'It exists already. Choose another path, or move it away.',
  EMFILE: 'The process has too many open files. Raise its limit (ulimit -n), or lower the parallelism.',
  ENOSPC: 'The disk is full.',
  EROFS: 'The file system is read-only.',
}

/** What would help against the system error `cause`, after its own words. */
export function explain(cause: unknown): string {
  const code = systemCode(cause)
  const remedy = code === undefined ? undefined : remedies[code]
  if (remedy !== undefined) return `${remedy} (${code})`
  return cause instanceof Error ? cause.message : String(cause)
}

/** `ENOENT` and the like, if `cause` has one. */
export function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined
  return typeof cause.code === 'string' ? cause.code : undefined
}

export function unreadable(path: string, cause: unknown): ConnectorError {
  if (cause instanceof ConnectorError) return cause
  return new ConnectorError(
    'FILE_UNREADABLE',
    `Cannot read "${path}": ${explain(cause)}`,
    { path, systemCode: systemCode(cause) },
    { cause },
  )
}

/**
 * The file of a split is not what it was when the split was cut, or when the snapshot was taken that the split comes from.
 * `state` says what it is now.
 */
export function fileChanged(
  path: string,
  offset: number,
  state: string,
  facts: Readonly<Record<string, unknown>> = {},
): ConnectorError {
  return new ConnectorError(
    'FILE_CHANGED',
    `Cannot read "${path}" from byte ${offset} on: ${state}. Bring the file back as it was, or start the job without the ` +
      'snapshot.',
    { path, offset, ...facts },
  )
}

export function unwritable(path: string, cause: unknown): ConnectorError {
  if (cause instanceof ConnectorError) return cause
  return new ConnectorError(
    'FILE_UNWRITABLE',
    `Cannot write to "${path}": ${explain(cause)}`,
    { path, systemCode: systemCode(cause) },
    { cause },
  )
}

/** The value of an option must be an integer of at least `min`. */
export function checkedInteger(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new ConnectorError('INVALID_OPTION', `${name} must be an integer of at least ${min}, not ${value}`, {
    option: name,
    value,
    min,
  })
}
