/**
 * Flink's spelling of options -> ours: it has names of several letters after one dash, and humps. The words after `--` are
 * the job's own.
 */
const spellings: Readonly<Record<string, string>> = {
  '-cm': '--claim-mode',
  '-detached': '--detached',
  '-full': '--full',
  '-type': '--type',
  '--allowNonRestoredState': '--allow-non-restored-state',
  '--claimMode': '--claim-mode',
  '--fromSavepoint': '--from-savepoint',
  '--savepointPath': '--savepoint-path',
  '--withSavepoint': '--with-savepoint',
}

/** Replaces what Flink writes otherwise, with or without `=value`. */
export function inOurSpelling(argv: readonly string[]): readonly string[] {
  const separator = argv.indexOf('--')
  const end = separator === -1 ? argv.length : separator
  return argv.map((word, i) => {
    const [name = '', ...value] = word.split('=')
    if (i >= end || !Object.hasOwn(spellings, name)) return word
    return [spellings[name], ...value].join('=')
  })
}
